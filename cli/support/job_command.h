// JobCommand: what the commands about one job of a cluster share: its number, and where the cluster is.
#pragma once

#include <string>

#include "cli/support/cluster_client.h"
#include "cli/support/command.h"

namespace sluice {

class JobCommand : public Command {
 public:
  void define(CLI::App& options) override;
  ExitCode execute(const Console& console) final;

 protected:
  // When the number is one.
  [[nodiscard]] virtual ExitCode execute_with_job(const Console& console) = 0;
  // "/jobs/3"
  [[nodiscard]] std::string path() const { return "/jobs/" + job_; }
  [[nodiscard]] const std::string& job() const { return job_; }
  [[nodiscard]] const ClusterOptions& cluster() const { return cluster_; }
  [[nodiscard]] static ExitCode fail(const Console& console, const Error& error);

 private:
  std::string job_;
  ClusterOptions cluster_;
};

}  // namespace sluice
