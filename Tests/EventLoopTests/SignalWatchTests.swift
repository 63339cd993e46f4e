import EventLoop
internal import Glibc
import Linux
import Testing

@Suite struct SignalWatchTests {
    @Test func signalsArriveAsEventsOfTheLoop() throws {
        // The set blocks them in this thread, which belongs to the test runner.
        var mask = sigset_t()
        unsafe pthread_sigmask(SIG_BLOCK, nil, &mask)
        defer { unsafe pthread_sigmask(SIG_SETMASK, &mask, nil) }

        let loop = try EventLoop()
        var count = 0
        let watch = try SignalSet().watch(on: loop) {
            count += 1
            if count == 1 {
                pthread_kill(pthread_self(), SIGINT)
            } else {
                loop.stop()
            }
        }
        pthread_kill(pthread_self(), SIGTERM)
        try loop.run()
        #expect(count == 2)
        withExtendedLifetime(watch) {}
    }
}
