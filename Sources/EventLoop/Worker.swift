internal import CEpoll
internal import Glibc
internal import Linux
internal import Synchronization

/// A thread for calls that may block: netlink and sockets under a busy lock, closing a broadcast manager socket.
final class Worker: Sendable {
    typealias Job = (id: Int, work: @Sendable () -> any Sendable)

    private let jobs = Mutex<[Job]>([])
    private let results = Mutex<[(Int, any Sendable)]>([])
    private let waiting: Descriptor
    /// An eventfd that is readable while there are results to take.
    let finished: Descriptor

    init() throws(SystemError) {
        waiting = Descriptor(
            owning: try systemCall("eventfd") { eventfd(0, Int32(EFD_CLOEXEC | EFD_SEMAPHORE)) })
        finished = Descriptor(
            owning: try systemCall("eventfd") { eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK)) })
        var thread = pthread_t()
        let this = unsafe Unmanaged.passRetained(self)
        let status = unsafe pthread_create(&thread, nil, workerMain, this.toOpaque())
        guard status == 0 else {
            unsafe this.release()
            throw SystemError(Errno(rawValue: status), call: "pthread_create")
        }
        pthread_detach(thread)
    }

    func enqueue(id: Int, _ work: @escaping @Sendable () -> any Sendable) {
        jobs.withLock { $0.append((id, work)) }
        eventfd_write(waiting.number, 1)
    }

    /// Does a job on a thread that is started for it.
    func detach(id: Int, _ work: @escaping @Sendable () -> any Sendable) {
        var thread = pthread_t()
        let errand = unsafe Unmanaged.passRetained(Errand(worker: self, job: (id, work)))
        guard unsafe pthread_create(&thread, nil, errandMain, errand.toOpaque()) == 0 else {
            unsafe errand.release()
            return enqueue(id: id, work)
        }
        pthread_detach(thread)
    }

    /// The results since the last call.
    func takeResults() -> [(Int, any Sendable)] {
        var count: eventfd_t = 0
        _ = unsafe eventfd_read(finished.number, &count)
        return results.withLock { results in
            let taken = results
            results = []
            return taken
        }
    }

    fileprivate func run() {
        while true {
            var count: eventfd_t = 0
            guard unsafe eventfd_read(waiting.number, &count) == 0 else { continue }
            guard let job = jobs.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) else { continue }
            perform(job)
        }
    }

    fileprivate func perform(_ job: Job) {
        let result = job.work()
        results.withLock { $0.append((job.id, result)) }
        eventfd_write(finished.number, 1)
    }
}

/// A job with a thread of its own.
private final class Errand: Sendable {
    let worker: Worker
    let job: Worker.Job

    init(worker: Worker, job: Worker.Job) {
        self.worker = worker
        self.job = job
    }
}

// The thread lives as long as the process: it keeps the worker that it was started with.
private let workerMain: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { context in
    let worker = unsafe Unmanaged<Worker>.fromOpaque(context!).takeRetainedValue()
    worker.run()
    return nil
}

private let errandMain: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { context in
    let errand = unsafe Unmanaged<Errand>.fromOpaque(context!).takeRetainedValue()
    errand.worker.perform(errand.job)
    return nil
}
