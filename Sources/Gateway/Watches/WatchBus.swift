internal import HTTP
internal import Linux
internal import SocketCAN

/// All watches of one interface, on as few sockets as their keys allow: each socket takes one watch of a key.
final class WatchBus {
    /// The most sockets, and so the most watches of one key.
    static let capacity = 16

    /// The interface, as it was when the first watch came.
    let interface: Interface
    private let context: WatchSocket.Context
    private var sockets: [WatchSocket] = []

    /// Called with what the kernel tells of a watch.
    var reported: ((Watch, WatchReport) -> Void)?
    /// Called with the number of reports that were lost since the last time.
    var lost: ((Int) -> Void)?

    init(_ interface: Interface, _ context: WatchSocket.Context) {
        self.interface = interface
        self.context = context
    }

    /// Has the kernel begin to look.
    /// - Throws: ``Problem``: `too-many-requests` for one identifier watched too often, `interface-not-found`,
    ///   `not-supported`.
    func add(_ watch: Watch) throws(Problem) {
        let key = watch.specification.key
        let free = sockets.first { $0.isFree(key) }
        guard free != nil || sockets.count < Self.capacity else {
            throw Problem(
                .tooManyRequests,
                "\(Self.capacity) watches look at '\(key.identifier)' on '\(interface.name)', the most that the service takes"
            )
        }
        do throws(SystemError) {
            let socket = if let free { free } else { try makeSocket() }
            try socket.add(watch)
        } catch {
            throw Problem(error, on: interface.name)
        }
    }

    private func makeSocket() throws(SystemError) -> WatchSocket {
        let socket = try WatchSocket(interfaceIndex: interface.index, context)
        socket.reported = { [unowned self] watch, report in reported?(watch, report) }
        socket.lost = { [unowned self] number in lost?(number) }
        sockets.append(socket)
        return socket
    }

    /// Has the kernel stop looking. The socket is kept for the next one: to close it takes the kernel longer than a
    /// client needs to make and remove a watch.
    func remove(_ watch: Watch) {
        for socket in sockets where socket.remove(watch) { return }
    }

    /// Tells of losses that no burst of reports has shown.
    func checkForLosses() {
        for socket in sockets { socket.checkForLosses() }
    }

    /// Takes in what was told until now, and ends all watches.
    func close() {
        for socket in sockets { socket.close() }
        sockets = []
    }
}
