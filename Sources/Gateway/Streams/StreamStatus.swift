/// How a stream stands, for the list of streams.
struct StreamStatus {
    /// The address of the client.
    var peer: String
    /// The form in which it is served.
    var transport: String
    /// What it shows.
    var selection: Selection
    /// Whether only the newest frames are shown.
    var isLatest = false
    /// Whether its client has paused it.
    var isPaused = false
    /// When it was opened, in nanoseconds since the epoch.
    var opened: Int64
    /// How many frames and error frames, or ISO-TP messages, its connection has taken.
    var delivered: Int
    /// How many frames or ISO-TP messages its client was told were lost.
    var lost: Int
    /// How many events of the log it has not looked at.
    var lag: Int
}
