// shuffle bare|link ROWS BLOCK_BYTES CHANNELS: sends rows of 24 bytes from this process to a child over TCP on the
// loopback, and prints how many arrived per second. `link`: as tasks on two workers do, with blocks, channels and
// credits over one link. `bare`: the same bytes in messages of the same size over NNG's push and pull. Both sides touch
// every row: one writes it, the other adds it up. Called by bench/shuffle.py.
#include <fmt/format.h>
#include <malloc.h>
#include <nng/nng.h>
#include <nng/protocol/pipeline0/pull.h>
#include <nng/protocol/pipeline0/push.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "lang/support/invariant.h"
#include "runtime/net/data_plane.h"

namespace {

using namespace sluice;
using Clock = std::chrono::steady_clock;

constexpr uint64_t kRowBytes = 24;
constexpr uint64_t kWindow = 8 * (256 << 10);  // of a channel, as in a deployment

struct Rows {
  uint64_t all = 0;
  uint64_t block_bytes = 0;
  uint32_t channels = 1;
  [[nodiscard]] uint64_t per_block() const { return (block_bytes - sizeof(abi::BlockHeader)) / kRowBytes; }
  [[nodiscard]] uint64_t sum() const { return all * (all - 1) / 2; }
};

void write_rows(char* to, uint64_t first, uint64_t count) {
  for (uint64_t i = first; i < first + count; ++i, to += kRowBytes) {
    const std::array<uint64_t, 3> row{i, i * 0x9e37'79b9'7f4a'7c15, i ^ 0x55};
    std::memcpy(to, row.data(), kRowBytes);
  }
}

uint64_t sum_rows(const char* from, uint64_t count) {
  uint64_t sum = 0;
  for (uint64_t i = 0; i < count; ++i, from += kRowBytes) {
    uint64_t value = 0;
    std::memcpy(&value, from, sizeof value);
    sum += value;
  }
  return sum;
}

// The ends of a pipe between the processes: what they have to tell each other apart from rows.
struct Pipe {
  std::array<int, 2> ends{};
  Pipe() { SLUICE_INVARIANT(::pipe(ends.data()) == 0, "no pipe"); }
  void say(std::string text) const {
    text.resize(100);
    SLUICE_INVARIANT(::write(ends[1], text.data(), text.size()) == 100, "the other process is gone");
  }
  [[nodiscard]] std::string hear() const {
    std::array<char, 101> text{};
    SLUICE_INVARIANT(::read(ends[0], text.data(), 100) == 100, "the other process is gone");
    return text.data();
  }
};

void check(int code) { SLUICE_INVARIANT(code == 0, nng_strerror(code)); }

// ---- bare ----

void receive_bare(const Rows& rows, const Pipe& to_sender) {
  nng_socket socket{};
  nng_listener listener{};
  int port = 0;
  check(nng_pull0_open(&socket));
  check(nng_listen(socket, "tcp://127.0.0.1:0", &listener, 0));
  check(nng_listener_get_int(listener, NNG_OPT_TCP_BOUND_PORT, &port));
  to_sender.say(fmt::format("tcp://127.0.0.1:{}", port));
  uint64_t sum = 0;
  for (uint64_t left = rows.all; left > 0;) {
    nng_msg* message = nullptr;
    check(nng_recvmsg(socket, &message, 0));
    const uint64_t count = (nng_msg_len(message) - sizeof(abi::BlockHeader)) / kRowBytes;
    sum += sum_rows(static_cast<char*>(nng_msg_body(message)) + sizeof(abi::BlockHeader), count);
    left -= count;
    nng_msg_free(message);
  }
  SLUICE_INVARIANT(sum == rows.sum(), "wrong rows");
  to_sender.say("done");
  nng_close(socket);
}

void send_bare(const Rows& rows, const std::string& url) {
  nng_socket socket{};
  check(nng_push0_open(&socket));
  check(nng_socket_set_int(socket, NNG_OPT_SENDBUF, 8));
  check(nng_dial(socket, url.c_str(), nullptr, 0));
  for (uint64_t done = 0; done < rows.all;) {
    const uint64_t count = std::min(rows.per_block(), rows.all - done);
    nng_msg* message = nullptr;
    check(nng_msg_alloc(&message, sizeof(abi::BlockHeader) + count * kRowBytes));
    write_rows(static_cast<char*>(nng_msg_body(message)) + sizeof(abi::BlockHeader), done, count);
    check(nng_sendmsg(socket, message, 0));
    done += count;
  }
}

// ---- over a link ----

struct Sleeper final : Wakeable {
  std::atomic<uint32_t> wakes{0};
  void wake() noexcept override {
    wakes.fetch_add(1);
    wakes.notify_one();
  }
};

std::unique_ptr<DataPlane> plane_of(uint32_t worker) {
  auto plane = DataPlane::make({"tcp://127.0.0.1:0", {"bench", 1, "token"}},
                               [](uint32_t, const Error& error) { SLUICE_INVARIANT(false, error.to_string()); });
  (*plane)->set_worker(worker, 1);
  return std::move(*plane);
}

void receive_over_link(const Rows& rows, const Pipe& to_sender, const Pipe& to_receiver) {
  const Schema schema{{{"a", Type(TypeKind::Int)}, {"b", Type(TypeKind::Int)}, {"c", Type(TypeKind::Int)}}};
  const auto plane = plane_of(2);
  to_sender.say(plane->url());
  const auto link = plane->link_to(1, to_receiver.hear());
  Sleeper sleeper;
  std::vector<std::unique_ptr<RemoteReader>> readers;
  for (uint32_t i = 0; i < rows.channels; ++i) {
    readers.push_back(
        std::make_unique<RemoteReader>(*link, ChannelAddress{1, i}, kWindow, schema,
                                       [](const Error& error) { SLUICE_INVARIANT(false, error.to_string()); }));
    readers.back()->connect(sleeper);
    plane->add(1, {1, i}, *readers.back());
  }
  to_sender.say("ready");
  uint64_t sum = 0;
  for (uint64_t left = rows.all; left > 0;) {
    const uint32_t seen = sleeper.wakes.load();
    bool has_some = false;
    for (const auto& reader : readers) {
      Block block;
      if (!reader->try_pop(block)) continue;
      has_some = true;
      sum += sum_rows(block.rows(), block.header()->row_count);
      left -= block.header()->row_count;
      reader->give_back(std::move(block));
    }
    if (!has_some) sleeper.wakes.wait(seen);
  }
  SLUICE_INVARIANT(sum == rows.sum(), "wrong rows");
  to_sender.say("done");
  static_cast<void>(to_receiver.hear());
  for (uint32_t i = 0; i < rows.channels; ++i) plane->remove(1, {1, i});
}

struct Sender {
  Sleeper sleeper;
  std::unique_ptr<DataPlane> plane = plane_of(1);
  std::vector<std::unique_ptr<RemoteWriter>> writers;

  void connect(const Rows& rows, const std::string& url) {
    const auto link = plane->link_to(2, url);
    for (uint32_t i = 0; i < rows.channels; ++i) {
      writers.push_back(std::make_unique<RemoteWriter>(*link, ChannelAddress{1, i}, kWindow));
      writers.back()->connect(sleeper);
      plane->add(2, {1, i}, *writers.back());
    }
  }
  void send(const Rows& rows) {
    uint64_t turn = 0;
    for (uint64_t done = 0; done < rows.all; ++turn) {
      const uint64_t count = std::min(rows.per_block(), rows.all - done);
      RemoteWriter& writer = *writers[turn % writers.size()];
      Block block = writer.spare();
      if (!block) block = Block::make(rows.block_bytes, kRowBytes);
      write_rows(block.rows(), done, count);
      block.header()->row_count = static_cast<uint32_t>(count);
      for (;;) {
        const uint32_t seen = sleeper.wakes.load();
        if (writer.try_push(block)) break;
        sleeper.wakes.wait(seen);
      }
      done += count;
    }
  }
  void disconnect() {
    for (uint32_t i = 0; i < writers.size(); ++i) plane->remove(2, {1, i});
  }
};

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

double send(bool is_bare, const Rows& rows, const Pipe& to_sender, const Pipe& to_receiver) {
  const std::string url = to_sender.hear();
  if (is_bare) {
    const auto start = Clock::now();
    send_bare(rows, url);
    static_cast<void>(to_sender.hear());
    return seconds_since(start);
  }
  Sender sender;
  to_receiver.say(sender.plane->url());
  sender.connect(rows, url);
  static_cast<void>(to_sender.hear());
  const auto start = Clock::now();
  sender.send(rows);
  static_cast<void>(to_sender.hear());
  const double seconds = seconds_since(start);
  to_receiver.say("done");
  sender.disconnect();
  return seconds;
}

}  // namespace

int main(int count, char** words) {
  if (count != 5) {
    fmt::print(stderr, "shuffle bare|link ROWS BLOCK_BYTES CHANNELS\n");
    return 2;
  }
  const bool is_bare = std::string_view(words[1]) == "bare";
  const Rows rows{std::strtoull(words[2], nullptr, 10), std::strtoull(words[3], nullptr, 10),
                  static_cast<uint32_t>(std::strtoul(words[4], nullptr, 10))};
  ::mallopt(M_MMAP_THRESHOLD, 4 << 20);  // as workers do
  ::mallopt(M_TRIM_THRESHOLD, 64 << 20);
  const Pipe to_sender;
  const Pipe to_receiver;
  const pid_t child = ::fork();
  if (child == 0) {
    if (is_bare)
      receive_bare(rows, to_sender);
    else
      receive_over_link(rows, to_sender, to_receiver);
    return 0;
  }
  const double seconds = send(is_bare, rows, to_sender, to_receiver);
  int status = 0;
  ::waitpid(child, &status, 0);
  fmt::print("{:.0f}\n", static_cast<double>(rows.all) / seconds);
  return status == 0 ? 0 : 1;
}
