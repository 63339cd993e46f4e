internal import CAN

/// How busy a bus is: the bits of the frames of each second, relative to its bit rate.
struct BusLoad {
    /// One interface's load over a second.
    struct Measurement: Hashable {
        /// How much of the time the bus was taken, in percent; nil where no bit rate is known or frames were not seen.
        var percent: Double?
        /// Frames in a second.
        var framesPerSecond: Int
    }

    /// The bit rates of an interface, in bits per second.
    struct Rates: Hashable {
        var nominal: Int
        var data: Int
    }

    private var frames = 0
    private var nominalBits = 0
    private var dataBits = 0
    private var began: Int64
    /// The bit rates, nil where there are none: then bits are not counted.
    private var rates: Rates?
    /// The load of the last second that is over; nil before that.
    private(set) var last: Measurement?

    /// - Parameter now: A monotonic time in nanoseconds.
    init(now: Int64) { began = now }

    /// Takes note of a frame.
    mutating func add(_ frame: Frame) {
        frames += 1
        guard rates != nil else { return }
        let length = frame.bitLength
        nominalBits += length.nominal
        dataBits += length.data
    }

    /// Ends a second and begins the next.
    /// - Parameters:
    ///   - now: A monotonic time in nanoseconds.
    ///   - nextRates: The bit rates from now on; nil where there are none or where not all frames are seen.
    mutating func endSecond(now: Int64, nextRates: Rates?) {
        let elapsed = Double(now - began) / 1e9
        if elapsed > 0 {
            let percent = rates.flatMap { rates -> Double? in
                guard rates == nextRates else { return nil }
                let busy = Double(nominalBits) / Double(rates.nominal) + Double(dataBits) / Double(rates.data)
                return (busy / elapsed * 10_000).rounded() / 100
            }
            last = Measurement(percent: percent, framesPerSecond: Int((Double(frames) / elapsed).rounded()))
        }
        (frames, nominalBits, dataBits) = (0, 0, 0)
        began = now
        rates = nextRates
    }
}
