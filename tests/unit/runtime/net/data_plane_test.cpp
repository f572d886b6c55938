#include "runtime/net/data_plane.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <cstring>
#include <deque>
#include <mutex>
#include <optional>
#include <string>

namespace sluice {
namespace {

// What comes to a test from threads of the network, in order.
template <class T>
class Arrivals {
 public:
  void add(T value) {
    const std::lock_guard lock(mutex_);
    values_.push_back(std::move(value));
    changed_.notify_all();
  }
  T next() {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(changed_.wait_for(lock, std::chrono::seconds(60), [this] { return !values_.empty(); }));
    if (values_.empty()) return T();
    T value = std::move(values_.front());
    values_.pop_front();
    return value;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<T> values_;
};

struct Receiver : FrameReceiver {
  Arrivals<uint64_t> values;
  void receive(Frame frame) override { values.add(frame.header.value); }
};

struct Waiting : Wakeable {
  Arrivals<bool> wakes;
  void wake() noexcept override { wakes.add(true); }
};

const ChannelAddress kChannel{1, 1};

// A worker as far as its rows go.
struct Side {
  uint32_t worker;
  Arrivals<std::string> broken;
  Receiver receiver;
  std::unique_ptr<DataPlane> plane;

  explicit Side(uint32_t number, const std::string& url = "tcp://127.0.0.1:0",
                std::chrono::milliseconds give_up_after = std::chrono::seconds(60))
      : worker(number) {
    plane = *DataPlane::make({url, {"test", 1, "secret"}, give_up_after},
                             [this](uint32_t, const Error& error) { broken.add(error.message); });
    plane->set_worker(worker, 1);
  }
  // What the other one sends comes to `receiver`.
  std::shared_ptr<Link> join(const Side& other) {
    plane->add(other.worker, kChannel, receiver);
    return plane->link_to(other.worker, other.plane->url());
  }
};

void post(Link& link, uint64_t value) {
  Frame frame = make_channel_frame(FrameKind::Credit, kChannel.deployment, kChannel.channel);
  frame.header.value = value;
  link.post(std::move(frame));
}

void expect_joined(Side& low, Side& high, uint64_t value) {
  const auto from_low = low.join(high);
  const auto from_high = high.join(low);
  post(*from_low, value);
  EXPECT_EQ(high.receiver.values.next(), value);
  post(*from_high, value);
  EXPECT_EQ(low.receiver.values.next(), value);
}

TEST(DataPlane, ALinkBringsFramesBothWays) {
  Side low(1);
  Side high(2);
  expect_joined(low, high, 7);
}

TEST(DataPlane, AfterALinkThatBrokeAnotherOneIsMade) {
  Side low(1, "tcp://127.0.0.1:0", std::chrono::milliseconds(300));
  {
    Side high(2);
    expect_joined(low, high, 1);
  }
  const std::string why = low.broken.next();
  EXPECT_TRUE(why.starts_with("worker 2 at tcp://127.0.0.1:")) << why;
  EXPECT_NE(why.find(" cannot be reached: cannot connect to "), std::string::npos) << why;
  Side high(2);
  expect_joined(low, high, 2);
}

TEST(DataPlane, TheCallerNoticesThatTheOtherSideGaveUp) {
  Side low(1);
  std::string url;
  {
    Side high(2);
    url = high.plane->url();
    expect_joined(low, high, 1);
  }
  Side high(2, url);
  EXPECT_EQ(low.broken.next(), "worker 2 has given up the connection to this one");
  expect_joined(low, high, 2);
}

TEST(DataPlane, TheCalledNoticesThatTheOtherSideGaveUp) {
  Side high(2);
  {
    Side low(1);
    expect_joined(low, high, 1);
  }
  Side low(1);
  const auto link = low.join(high);
  EXPECT_EQ(high.broken.next(), "worker 1 has given up the connection to this one");
  expect_joined(low, high, 2);
}

TEST(DataPlane, ABlockTooLargeForAFrameGoesInParts) {
  Side low(1);
  Side high(2);
  const Schema schema{{{"text", Type(TypeKind::String)}}};
  Waiting producer;
  Waiting consumer;
  RemoteWriter writer(*low.join(high), kChannel, 1 << 20, 1000);
  RemoteReader reader(*high.join(low), kChannel, 1 << 20, schema,
                      [](const Error& error) { ADD_FAILURE() << error.message; });
  writer.connect(producer);
  reader.connect(consumer);
  high.plane->add(low.worker, kChannel, reader);
  constexpr uint32_t kTextBytes = 12'345;
  for (const uint32_t bytes : {kTextBytes, 5u}) {  // in parts, in one piece
    Block block = Block::make(sizeof(abi::BlockHeader) + 8 + 20'000, 8);
    const uint32_t reference[2] = {bytes, bytes};  // distance from the end, size
    std::memcpy(block.rows(), reference, 8);
    std::memset(block.end() - bytes, 'x', bytes);
    block.header()->row_count = 1;
    block.header()->heap_bytes = bytes;
    ASSERT_TRUE(writer.try_push(block));
    Block came;
    while (!reader.try_pop(came)) ASSERT_TRUE(consumer.wakes.next());
    EXPECT_EQ(came.header()->row_count, 1u);
    ASSERT_EQ(came.header()->heap_bytes, bytes);
    EXPECT_EQ(std::string(came.end() - bytes, bytes), std::string(bytes, 'x'));
  }
  low.plane->remove(high.worker, kChannel);
  high.plane->remove(low.worker, kChannel);
}

}  // namespace
}  // namespace sluice
