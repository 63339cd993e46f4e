internal import EventLoop
internal import Linux
internal import Logging
internal import SocketCAN

// The kernel tells of most changes by itself, but not of a controller's state that goes from bad to worse, nor of
// settings that are changed while the interface is down, nor of what its notifications had no room for.
extension Interfaces {
    /// How long after a controller's report its state is asked for, in nanoseconds: trouble on a bus brings many.
    private static let refreshDelay: Int64 = 20_000_000

    /// Asks the kernel how the interfaces are, on the worker thread as it may take its time, and takes the answer in.
    func refresh() {
        guard !isRefreshing else {
            needsRefresh = true
            return
        }
        isRefreshing = true
        needsRefresh = false
        notified = []
        loop.offload {
            Result { () throws(SystemError) in try Links.list() }
        } then: { [unowned self] result in
            // What notifications have told meanwhile is newer.
            update()
            isRefreshing = false
            switch result {
            case .success(let interfaces):
                takeIn(interfaces, except: notified)
                if needsRefresh { refreshSoon() }
            case .failure(let error):
                logger.error("the interfaces cannot be listed", metadata: ["error": "\(error)"])
                // The next check asks again.
                needsRefresh = true
            }
        }
    }

    /// Takes in what the service itself has changed, before the change is answered.
    ///
    /// - Parameters:
    ///   - interface: How the interface that was changed is now, if it still is: of most settings that change while it
    ///     is down the kernel tells nothing (netdev_state_change).
    ///   - completion: Called when everything that the kernel has told is taken in.
    func takeInOwnChange(_ interface: Interface?, then completion: @escaping () -> Void) {
        update()
        // Everything else comes with notifications, and what they told may be newer.
        if let interface, var told = known[interface.index], !told.isUp, !interface.isUp {
            notified.insert(interface.index)
            told.controller = interface.controller
            present(told)
        }
        guard isRefreshing else { return completion() }
        // The worker works in order: when this comes back, the list that was asked for before has been taken in.
        loop.offload {
        } then: {
            completion()
        }
    }

    /// Refreshes in a moment, once for all who ask for it until then.
    func refreshSoon() {
        guard !isRefreshPending else { return }
        isRefreshPending = true
        loop.after(Self.refreshDelay) { [unowned self] in
            isRefreshPending = false
            refresh()
        }
    }
}

extension Interface {
    /// Whether its controller, or its carrier, is in another state.
    func hasOtherState(than other: Interface) -> Bool {
        controller?.state != other.controller?.state || (isUp == other.isUp && isRunning != other.isRunning)
    }

    /// Whether any of its settings differs.
    func hasOtherSettings(than other: Interface) -> Bool {
        mtu != other.mtu || transmitQueueLength != other.transmitQueueLength
            || controller?.bitTiming != other.controller?.bitTiming
            || controller?.dataBitTiming != other.controller?.dataBitTiming
            || controller?.restartDelay != other.controller?.restartDelay
            || controller?.modes != other.controller?.modes
            || controller?.termination != other.controller?.termination
    }
}
