// Arena: owns objects of any type until it dies. The AST lives in one that goes away after checking.
#pragma once

#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

namespace sluice {

class Arena {
 public:
  Arena() = default;
  Arena(Arena&&) = default;
  Arena& operator=(Arena&&) = default;

  // The returned object is valid as long as the arena.
  template <class T, class... Args>
  T* make(Args&&... args) {
    auto* object = new T{std::forward<Args>(args)...};
    objects_.push_back(Owner(object, [](void* p) { delete static_cast<T*>(p); }));
    return object;
  }

 private:
  using Owner = std::unique_ptr<void, void (*)(void*)>;
  std::vector<Owner> objects_;
};

}  // namespace sluice
