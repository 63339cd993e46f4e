internal import CAN
internal import SocketCAN

/// What a job sends and when.
struct JobSpecification {
    /// 1 to 256, all classic or all CAN FD, sent in turn.
    var frames: [Frame]
    /// When they go out.
    var schedule: BroadcastManager.Schedule
    /// How long the job runs after its start, in microseconds; nil without end.
    var duration: Int64?
    /// How long it goes on without being renewed, in microseconds; nil for as long as it likes.
    var lease: Int64?
    /// Whether it starts again when its interface comes back.
    var resumes = false

    /// Whether the frames are CAN FD.
    var isFD: Bool { frames[0].isFD }
}
