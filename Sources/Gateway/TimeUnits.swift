// Within the service, times are whole numbers of nanoseconds; those of jobs and watches are of microseconds, as in the
// kernel. Clients read seconds and milliseconds, to the microsecond.

/// A time in seconds, to the microsecond.
func seconds(ofNanoseconds time: Int64) -> Double { Double(time / 1000) / 1_000_000 }

/// A time in milliseconds, to the microsecond.
func milliseconds(ofNanoseconds time: Int64) -> Double { milliseconds(ofMicroseconds: time / 1000) }

/// A time in milliseconds.
func milliseconds(ofMicroseconds time: Int64) -> Double { Double(time) / 1000 }
