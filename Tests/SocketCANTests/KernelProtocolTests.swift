import Linux
import SocketCAN
import Testing

extension KernelTests {
    @Suite struct KernelProtocolTests {
        @Test(arguments: [
            (KernelProtocol.raw, "CAN_RAW"), (.broadcastManager, "CAN_BCM"), (.isotp, "CAN_ISOTP"),
            (.j1939, "CAN_J1939"),
        ])
        func itIsSupportedWhereTheKernelListsIt(kernelProtocol: KernelProtocol, name: String) throws {
            // Asking first, as that may load the module.
            let isSupported = kernelProtocol.isSupported
            let listed = try Machine.readFile("/proc/net/protocols").split(separator: "\n").contains {
                $0.split(separator: " ").first == name[...]
            }
            #expect(isSupported == listed)
        }

        @Test func whatTheLibraryNeedsIsThere() {
            #expect(KernelProtocol.raw.isSupported)
            #expect(KernelProtocol.broadcastManager.isSupported)
        }

        @Test func theGatewayIsSupportedWhereItsModuleIsLoaded() throws {
            guard try Machine.readFile("/proc/modules").contains("can_gw ") else { return }
            #expect(KernelProtocol.gateway.isSupported)
        }

        @Test func theyHaveTheNamesOfTheInterface() {
            #expect(KernelProtocol.allCases.map(\.rawValue) == ["raw", "bcm", "isotp", "j1939", "gw"])
        }
    }
}
