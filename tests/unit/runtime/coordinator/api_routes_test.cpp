#include "runtime/coordinator/api_routes.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

std::string found(std::string_view path) {
  uint64_t job = 0;
  std::string text;
  for (const ApiRoute* route : find_routes(path, job))
    text += std::string(route->method) + " " + std::string(route->path) + ", ";
  return text + std::to_string(job);
}

TEST(ApiRoutes, PathsAreFound) {
  EXPECT_EQ(found("/v1/workers"), "GET /v1/workers, 0");
  EXPECT_EQ(found("/v1/jobs"), "GET /v1/jobs, POST /v1/jobs, 0");
  EXPECT_EQ(found("/v1/jobs/12"), "GET /v1/jobs/{job}, 12");
  EXPECT_EQ(found("/v1/jobs/12/plan"), "GET /v1/jobs/{job}/plan, 12");
  EXPECT_EQ(found("/v1/jobs/12/cancel"), "POST /v1/jobs/{job}/cancel, 12");
}

TEST(ApiRoutes, OtherPathsAreNot) {
  for (const char* path : {"", "/", "/jobs", "/v1/jobs/", "/v1/jobs//plan", "/v1/jobs/x", "/v1/jobs/-1", "/v1/jobs/1/",
                           "/v1/jobs/1/2", "/v1/jobs/1/nothing", "/v1/workers/", "/v1/jobs/ 1", "/v1/jobs/plan"})
    EXPECT_EQ(found(path), "0") << path;
}

TEST(ApiRoutes, ANumberThatIsTooLargeIsThatOfNoJob) {
  EXPECT_EQ(found("/v1/jobs/99999999999999999999999"), "GET /v1/jobs/{job}, 0");
}

TEST(ApiRoutes, WhoeverOnlyLooksIsAViewer) {
  for (const auto& route : api_routes()) EXPECT_TRUE(route.method == "GET" || route.role >= Role::Operator);
}

}  // namespace
}  // namespace sluice
