// A pool of threads over ranges of integers.
#include <catenary/runtime/threads.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include <pthread.h>

#include <catenary/support/environment.h>
#include <catenary/support/error.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace catenary {
namespace {

// A spinning hand-over takes a fraction of a microsecond and a sleeping one fifty. Spinning ends after about 20
// microseconds, so that idle workers leave the processors to the model.
constexpr int spins = 500;

// More ranges than threads, so that a thread that comes late or is held up leaves little for the others to wait for.
constexpr int64_t ranges_per_thread = 4;

void relax() {
#if defined(__x86_64__)
  _mm_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// How often this process is the child of a fork, in which no thread but the one that forked goes on.
std::atomic<int> forks = 0;

int forks_so_far() {
  static const int watched = pthread_atfork(nullptr, nullptr, [] { forks.fetch_add(1, std::memory_order_relaxed); });
  (void)watched;
  return forks.load(std::memory_order_relaxed);
}

template <class Condition>
bool spin_until(Condition&& condition) {
  for (int i = 0; i < spins; ++i) {
    if (condition()) return true;
    relax();
  }
  return condition();
}

int default_threads() {
  if (auto threads = read_environment().threads) return *threads;
  return std::max(1, int(std::thread::hardware_concurrency()));
}

/// One parallel_for; lives on the stack of its caller. `next` alone is touched without the pool's mutex, and `helpers`
/// is read so.
struct Job {
  ThreadPool::Body body;
  int64_t end;
  int64_t range;
  std::atomic<int64_t> next;
  int seats;  // workers that may still join
  std::atomic<int> helpers = 0;
  std::exception_ptr failure = nullptr;
  Job* below = nullptr;

  bool open() const { return seats > 0 && next.load(std::memory_order_relaxed) < end; }
};

}  // namespace

struct ThreadPool::Shared {
  std::mutex mutex;
  std::condition_variable work;
  std::condition_variable done;
  Job* jobs = nullptr;          // a stack, newest first
  std::atomic<int> posted = 0;  // jobs on the stack; read by spinning workers
  bool stopping = false;
  std::vector<std::thread> workers;
  const int made_after = forks_so_far();

  /// In a child the threads are the parent's, and the mutex may be held by one of them.
  bool forked() const { return forks.load(std::memory_order_relaxed) != made_after; }

  Job* open_job() const {
    for (Job* job = jobs; job != nullptr; job = job->below)
      if (job->open()) return job;
    return nullptr;
  }

  void take_ranges(Job& job) {
    for (;;) {
      int64_t begin = job.next.fetch_add(job.range, std::memory_order_relaxed);
      if (begin >= job.end) return;
      try {
        job.body(begin, std::min(begin + job.range, job.end));
      } catch (...) {
        std::lock_guard lock(mutex);
        if (job.failure == nullptr) job.failure = std::current_exception();
        job.next.store(job.end, std::memory_order_relaxed);
      }
    }
  }

  void help() {
    std::unique_lock lock(mutex);
    for (;;) {
      Job* job = open_job();
      if (job == nullptr && !stopping) {
        lock.unlock();
        spin_until([&] { return posted.load(std::memory_order_relaxed) > 0; });
        lock.lock();
        work.wait(lock, [&] { return stopping || (job = open_job()) != nullptr; });
      }
      if (stopping) return;
      --job->seats;
      job->helpers.fetch_add(1, std::memory_order_relaxed);
      lock.unlock();
      take_ranges(*job);
      lock.lock();
      // The last touch of the job: its caller may return once it reads zero.
      if (job->helpers.fetch_sub(1, std::memory_order_release) == 1) done.notify_all();
    }
  }

  void stop() {
    {
      std::lock_guard lock(mutex);
      stopping = true;
    }
    work.notify_all();
    for (std::thread& worker : workers) worker.join();
  }
};

ThreadPool::ThreadPool(int threads) : shared_(std::make_unique<Shared>()) {
  if (threads < 0 || threads > 1024)
    throw Error("a pool of " + std::to_string(threads) +
                " threads was asked for; the number must be from 1 to 1024, or 0 for " +
                "CATENARY_THREADS or one per processor");
  if (threads == 0) threads = default_threads();
  try {
    for (int worker = 1; worker < threads; ++worker)
      shared_->workers.emplace_back([shared = shared_.get()] { shared->help(); });
  } catch (const std::system_error& refusal) {
    int got = int(shared_->workers.size()) + 1;
    shared_->stop();
    throw Error("a pool of " + std::to_string(threads) + " threads was asked for, but the system gave " +
                std::to_string(got) + " (" + refusal.what() + "); ask for fewer, or set CATENARY_THREADS");
  }
}

ThreadPool::~ThreadPool() {
  if (shared_->forked()) {
    [[maybe_unused]] Shared* stays = shared_.release();  // There is nobody to join.
  } else {
    shared_->stop();
  }
}

int ThreadPool::threads() const { return shared_->forked() ? 1 : int(shared_->workers.size()) + 1; }

void ThreadPool::parallel_for(int64_t begin, int64_t end, int64_t grain, Body body, int threads) {
  if (begin >= end) return;
  threads = threads == 0 ? this->threads() : std::min(threads, this->threads());
  grain = std::max<int64_t>(grain, 1);
  const int64_t count = end - begin, ways = threads * ranges_per_thread;
  if (threads == 1 || count <= grain) return body(begin, end);

  Job job{body, end, std::max(grain, count / ways + (count % ways != 0)), begin, threads - 1};
  const int wanted = int(std::min<int64_t>(job.seats, (count - 1) / job.range));
  {
    std::lock_guard lock(shared_->mutex);
    job.below = shared_->jobs;
    shared_->jobs = &job;
    shared_->posted.fetch_add(1, std::memory_order_relaxed);
  }
  if (wanted == 1)
    shared_->work.notify_one();
  else
    shared_->work.notify_all();
  shared_->take_ranges(job);
  std::unique_lock lock(shared_->mutex);
  Job** link = &shared_->jobs;
  while (*link != &job) link = &(*link)->below;
  *link = job.below;
  shared_->posted.fetch_sub(1, std::memory_order_relaxed);
  lock.unlock();
  auto alone = [&] { return job.helpers.load(std::memory_order_acquire) == 0; };
  if (!spin_until(alone)) {
    lock.lock();
    shared_->done.wait(lock, alone);
  }
  if (job.failure != nullptr) std::rethrow_exception(job.failure);
}

}  // namespace catenary
