// JobStore: what a coordinator must not forget when it ends: its jobs, their plans and how they ended. A file for each
// job in the state directory, replaced as a whole; what `print` sinks of a job that has ended wrote is in another one.
// One coordinator at a time uses a directory.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "lang/support/result.h"
#include "runtime/coordinator/job_record.pb.h"

namespace sluice {

class JobStore {
 public:
  // Makes the directory when it is not there. An error when another coordinator uses it.
  [[nodiscard]] static Result<JobStore> open(const std::string& directory);
  ~JobStore();
  JobStore(JobStore&& other) noexcept;
  JobStore& operator=(JobStore&&) = delete;

  // By number. An error names the file that cannot be read, and what to do.
  [[nodiscard]] Result<std::vector<wire::JobRecord>> load() const;
  // On the disk when this returns without an error.
  [[nodiscard]] Status save(const wire::JobRecord& record) const;
  // `piece` gives what there is from a byte on, nothing at the end.
  [[nodiscard]] Status save_output(uint64_t job, const std::function<Result<std::string>(uint64_t)>& piece) const;
  // Piece by piece; none when there is no output.
  [[nodiscard]] Status load_output(uint64_t job, const std::function<Status(std::string_view)>& take) const;
  void remove(uint64_t job) const;
  // The error of a record that was read and is of no use: names its file, and what to do.
  [[nodiscard]] std::unexpected<Error> unusable(uint64_t job, const Error& why) const;

 private:
  JobStore(std::string directory, int lock) : directory_(std::move(directory)), lock_(lock) {}
  [[nodiscard]] std::string path_of(uint64_t job, std::string_view kind) const;

  std::string directory_;
  int lock_;
};

}  // namespace sluice
