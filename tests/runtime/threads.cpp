// The thread pool: covers ranges once, passes exceptions on, serves many callers.
#include <catch2/catch.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <thread>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

#include <catenary/runtime/threads.h>

using catenary::ThreadPool;

TEST_CASE("parallel_for covers a range exactly once") {
  for (int threads : {1, 2, 7}) {
    ThreadPool pool(threads);
    REQUIRE(pool.threads() == threads);
    for (int64_t count : {0, 1, 7, 1000})
      for (int64_t grain : {0, 1, 16, 5000})
        for (int64_t begin : {int64_t{0}, int64_t{-3}, int64_t{1} << 40}) {
          std::vector<std::atomic<int>> seen(static_cast<size_t>(count));
          std::atomic<int> small = 0;
          pool.parallel_for(begin, begin + count, grain, [&](int64_t from, int64_t to) {
            small += to - from < grain && to != begin + count;
            for (int64_t i = from; i < to; ++i) ++seen[size_t(i - begin)];
          });
          CHECK(std::all_of(seen.begin(), seen.end(), [](const auto& times) { return times == 1; }));
          CHECK(small == 0);
        }
  }
}

TEST_CASE("parallel_for uses several threads, and no more than it is told") {
  ThreadPool pool(4);
  auto most_at_once = [&](int threads) {
    std::atomic<int> now = 0, most = 0;
    auto body = [&](int64_t, int64_t) {
      int here = ++now, seen = most;
      while (here > seen && !most.compare_exchange_weak(seen, here)) {
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
      --now;
    };
    pool.parallel_for(0, 64, 1, body, threads);
    return most.load();
  };
  CHECK(most_at_once(1) == 1);
  CHECK(most_at_once(2) == 2);
  CHECK(most_at_once(0) == 4);
}

TEST_CASE("parallel_for passes on an exception from any thread, and the pool lives on") {
  ThreadPool pool(3);
  for (int round = 0; round < 50; ++round) {
    CHECK_THROWS_WITH(pool.parallel_for(0, 100, 1,
                                        [](int64_t begin, int64_t end) {
                                          if (begin <= 57 && 57 < end) throw std::runtime_error("57");
                                        }),
                      "57");
    std::atomic<int64_t> sum = 0;
    pool.parallel_for(0, 100, 1, [&](int64_t begin, int64_t end) { sum += end - begin; });
    CHECK(sum == 100);
  }
}

TEST_CASE("parallel_for may be called from many threads and from a body") {
  ThreadPool pool(3);
  std::atomic<int64_t> sum = 0;
  std::vector<std::thread> callers;
  for (int caller = 0; caller < 4; ++caller)
    callers.emplace_back([&] {
      for (int round = 0; round < 100; ++round)
        pool.parallel_for(0, 10, 1, [&](int64_t begin, int64_t end) {
          pool.parallel_for(begin, end, 1, [&](int64_t from, int64_t to) { sum += to - from; });
        });
    });
  for (std::thread& caller : callers) caller.join();
  CHECK(sum == 4 * 100 * 10);
}

TEST_CASE("in the child of a fork the caller does all by itself, and the pool goes quietly") {
  for (int k = 0; k < 8; ++k) {
    auto pool = std::make_unique<ThreadPool>(4);
    std::atomic<int64_t> sum = 0;
    auto add = [&](int64_t from, int64_t to) {
      for (; from < to; ++from) sum += from;
    };
    pool->parallel_for(0, 1000, 1, add);
    const pid_t child = fork();
    if (child == 0) {
      alarm(20);  // A child that waits for threads waits for ever.
      const bool alone = pool->threads() == 1;
      sum = 0;
      pool->parallel_for(0, 1000, 1, add);
      pool.reset();
      std::atomic<int64_t> again = 0;
      bool three = false;
      {
        ThreadPool own(3);
        three = own.threads() == 3;
        own.parallel_for(0, 1000, 1, [&](int64_t from, int64_t to) { again += to - from; });
      }
      _exit(alone && sum == 499500 && three && again == 1000 ? 0 : 1);
    }
    int status = -1;
    REQUIRE(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 0);
    CHECK(pool->threads() == 4);
  }
}
