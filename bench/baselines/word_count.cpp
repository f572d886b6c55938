// Word count as a careful engineer writes it in a day: `word_count INPUT OUTPUT` writes every word, lowercase, with its
// number of occurrences as csv. Words are runs of letters and digits of any script; the fast path is ASCII.
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <bit>
#include <charconv>
#include <clocale>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <cwctype>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace {

constexpr size_t kBlock = 64;
constexpr size_t kReadSize = 256 << 10;
using Bytes = unsigned char __attribute__((ext_vector_type(64)));
using Bits = bool __attribute__((ext_vector_type(64)));

uint64_t to_mask(auto comparison) { return std::bit_cast<uint64_t>(__builtin_convertvector(comparison, Bits)); }

[[noreturn]] void fail(const char* what) {
  std::perror(what);
  std::exit(1);
}

// Masks for the bytes of a word of a given size that fall into its first and second eight.
constexpr std::array<uint64_t, 17> masks(size_t first) {
  std::array<uint64_t, 17> result{};
  for (size_t size = 0; size <= 16; ++size) {
    size_t bytes = size <= first ? 0 : size - first;
    result[size] = bytes >= 8 ? ~uint64_t{0} : (uint64_t{1} << (bytes * 8)) - 1;
  }
  return result;
}
constexpr std::array<uint64_t, 17> kLowMask = masks(0);
constexpr std::array<uint64_t, 17> kHighMask = masks(8);

// Open addressing with linear probing. Words of up to 16 bytes are compared as two integers, without a jump to their
// text; longer ones keep their text in an arena.
class WordTable {
 public:
  void count(const char* word, size_t size) {
    Slot key{};
    key.size = static_cast<uint32_t>(size);
    if (size <= 16) [[likely]] {
      key.low = load(word) & kLowMask[size];  // no branch on the size: it is hard to predict
      key.high = load(word + 8) & kHighMask[size];
    } else {
      key.low = hash_long(word, size);
      key.high = load(word + size - 8);
    }
    uint64_t hash = mix(key.low ^ size, key.high);
    for (size_t i = hash & mask_;; i = (i + 1) & mask_) {
      Slot& slot = slots_[i];
      if (slot.low == key.low && slot.high == key.high && slot.size == key.size &&
          (size <= 16 || std::memcmp(slot.text, word, size) == 0)) {
        ++slot.count;
        return;
      }
      if (slot.size == 0) {
        slot = key;
        slot.text = size > 16 ? keep({word, size}) : nullptr;
        slot.count = 1;
        if (++used_ * 2 > slots_.size()) grow();
        return;
      }
    }
  }

  template <class Visit>
  void each(Visit visit) const {
    for (const Slot& slot : slots_) {
      if (slot.size == 0) continue;
      if (slot.size > 16) {
        visit(std::string_view(slot.text, slot.size), slot.count);
      } else {
        std::array<char, 16> text{};
        std::memcpy(text.data(), &slot.low, 8);
        std::memcpy(text.data() + 8, &slot.high, 8);
        visit(std::string_view(text.data(), slot.size), slot.count);
      }
    }
  }

 private:
  struct Slot {
    uint64_t low;
    uint64_t high;
    const char* text;
    uint64_t count;
    uint32_t size;  // 0: free
  };

  // The input is padded so that reading sixteen bytes from any word is safe.
  static uint64_t load(const char* from) {
    uint64_t word = 0;
    std::memcpy(&word, from, 8);
    return word;
  }
  static uint64_t mix(uint64_t a, uint64_t b) {
    __uint128_t product = static_cast<__uint128_t>(a ^ 0xa0761d6478bd642f) * (b ^ 0xe7037ed1a0b428db);
    return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
  }
  static uint64_t hash_long(const char* word, size_t size) {
    uint64_t hash = size;
    for (size_t i = 0; i + 8 <= size; i += 8) hash = mix(hash, load(word + i));
    return hash;
  }
  const char* keep(std::string_view text) {
    if (arena_left_ < text.size()) {
      arena_left_ = std::max<size_t>(1 << 16, text.size());
      arena_.push_back(std::make_unique<char[]>(arena_left_));
      arena_next_ = arena_.back().get();
    }
    char* copy = arena_next_;
    std::memcpy(copy, text.data(), text.size());
    arena_next_ += text.size();
    arena_left_ -= text.size();
    return copy;
  }
  void grow() {
    std::vector<Slot> old(slots_.size() * 2);
    old.swap(slots_);
    mask_ = slots_.size() - 1;
    for (const Slot& slot : old) {
      if (slot.size == 0) continue;
      size_t i = mix(slot.low ^ slot.size, slot.high) & mask_;
      while (slots_[i].size != 0) i = (i + 1) & mask_;
      slots_[i] = slot;
    }
  }

  std::vector<Slot> slots_ = std::vector<Slot>(1 << 12);
  size_t mask_ = slots_.size() - 1;
  size_t used_ = 0;
  std::vector<std::unique_ptr<char[]>> arena_;
  char* arena_next_ = nullptr;
  size_t arena_left_ = 0;
};

// A run of ASCII letters and digits and of bytes beyond ASCII: decode it, and cut it where a character is neither
// letter nor digit. Rare, so the C library's tables are fast enough.
void count_unicode(WordTable& table, std::string_view run, std::string& word) {
  auto finish = [&] {
    size_t size = word.size();
    word.append(16, '\0');
    if (size > 0) table.count(word.data(), size);
    word.clear();
  };
  std::mbstate_t state{};
  std::array<char, 16> encoded{};
  for (size_t at = 0; at < run.size();) {
    wchar_t character = 0;
    size_t length = std::mbrtowc(&character, run.data() + at, run.size() - at, &state);
    if (length == 0 || length > run.size()) {  // not UTF-8
      state = {};
      finish();
      ++at;
      continue;
    }
    at += length;
    if (std::iswalnum(static_cast<wint_t>(character)) == 0) {
      finish();
      continue;
    }
    std::mbstate_t out{};
    size_t size =
        std::wcrtomb(encoded.data(), static_cast<wchar_t>(std::towlower(static_cast<wint_t>(character))), &out);
    word.append(encoded.data(), size);
  }
  finish();
}

// Counts the words of text[0, size), which ends behind a word. Lowers the text in place. `size` is rounded up to whole
// blocks; the padding behind it is zero.
void count_words(WordTable& table, char* text, size_t size, std::string& scratch) {
  uint64_t inside = 0;  // 1 when the byte before the block belongs to a word
  uint64_t beyond = 0;  // whether the current word has bytes beyond ASCII in an earlier block
  char* start = text;
  for (size_t at = 0; at < size + kBlock; at += kBlock) {
    Bytes bytes;
    std::memcpy(&bytes, text + at, kBlock);
    uint64_t high = to_mask(bytes >= 0x80);
    bytes = bytes | (((bytes >= 'A') & (bytes <= 'Z')) ? Bytes(0x20) : Bytes(0));
    std::memcpy(text + at, &bytes, kBlock);
    uint64_t word = high | to_mask(((bytes >= 'a') & (bytes <= 'z')) | ((bytes >= '0') & (bytes <= '9')));
    uint64_t edges = word ^ (word << 1 | inside);
    while (edges != 0) {
      int position = std::countr_zero(edges);
      char* edge = text + at + position;
      edges &= edges - 1;
      if (inside == 0) {
        start = edge;
        high &= ~uint64_t{0} << position;
      } else if ((beyond | (high & ((uint64_t{1} << position) - 1))) != 0) {
        count_unicode(table, {start, static_cast<size_t>(edge - start)}, scratch);
        beyond = 0;
      } else {
        table.count(start, static_cast<size_t>(edge - start));
      }
      inside ^= 1;
    }
    beyond = inside == 0 ? 0 : beyond | high;
  }
}

void read_and_count(WordTable& table, const char* path) {
  int file = open(path, O_RDONLY);
  if (file < 0) fail(path);
  std::vector<char> buffer(kReadSize + 3 * kBlock);
  std::string scratch;
  size_t kept = 0;
  for (;;) {
    if (buffer.size() < kept + kReadSize + 3 * kBlock) buffer.resize(kept + kReadSize + 3 * kBlock);
    ssize_t got = read(file, buffer.data() + kept, kReadSize);
    if (got < 0) fail(path);
    size_t filled = kept + static_cast<size_t>(got);
    size_t whole = filled;
    if (got > 0) {
      const void* last = memrchr(buffer.data() + kept, '\n', static_cast<size_t>(got));
      whole = last == nullptr ? 0 : static_cast<size_t>(static_cast<const char*>(last) - buffer.data()) + 1;
    }
    // What follows the last line end is set aside, so that the padding can be zero.
    std::string rest(buffer.data() + whole, filled - whole);
    std::memset(buffer.data() + whole, 0, 3 * kBlock);
    if (whole > 0) count_words(table, buffer.data(), whole, scratch);
    std::memcpy(buffer.data(), rest.data(), rest.size());
    kept = rest.size();
    if (got == 0) break;
  }
  close(file);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fputs("usage: word_count INPUT OUTPUT\n", stderr);
    return 2;
  }
  std::setlocale(LC_CTYPE, "C.UTF-8");
  WordTable table;
  read_and_count(table, argv[1]);
  std::FILE* out = std::fopen(argv[2], "w");
  if (out == nullptr) fail(argv[2]);
  std::string text = "word,count\n";
  table.each([&](std::string_view word, uint64_t count) {
    std::array<char, 24> digits{};
    text += word;
    text += ',';
    text.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), count).ptr);
    text += '\n';
  });
  if (std::fwrite(text.data(), 1, text.size(), out) != text.size() || std::fclose(out) != 0) fail(argv[2]);
  return 0;
}
