// swift-tools-version: 6.2
// canhttpd: a machine's CAN buses on HTTP.
//
// The arrows between the modules point one way, and the build checks that each is declared:
//
//   canhttpd ─▶ Gateway ─▶ SocketCAN ─▶ CAN
//      │           ├─────▶ JSON          ▲
//      │           ├─────▶ EventLoop     │ (Gateway too)
//      │           └─────▶ HTTP ◀─┐
//      └────────▶ HTTPServer ─────┴▶ EventLoop
//
// Linux (errno, descriptors, clocks) lies under everything that makes system calls.
//
// Each C module has one Swift owner: CJansson JSON, CMicroHTTPD and CWslay HTTPServer, CLinuxCAN and
// CNetlinkRoute SocketCAN, CEpoll EventLoop, CLinux Linux, COpenAPI Gateway.

import PackageDescription

let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
]

let package = Package(
    name: "canhttpd",
    products: [
        .library(name: "SocketCAN", targets: ["CAN", "Linux", "SocketCAN"]),
        .executable(name: "canhttpd", targets: ["canhttpd"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        // Without its traits it needs FoundationEssentials only.
        .package(url: "https://github.com/apple/swift-configuration", from: "1.4.0", traits: []),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    ],
    targets: [
        .systemLibrary(
            name: "CJansson", pkgConfig: "jansson", providers: [.apt(["libjansson-dev"])]),
        .systemLibrary(
            name: "CMicroHTTPD", pkgConfig: "libmicrohttpd",
            providers: [.apt(["libmicrohttpd-dev"])]),
        .systemLibrary(name: "CWslay", providers: [.apt(["libwslay-dev"])]),
        .target(name: "CLinuxCAN"),
        .systemLibrary(name: "CLinux"),
        .systemLibrary(name: "CEpoll"),
        .systemLibrary(
            name: "CNetlinkRoute", pkgConfig: "libnl-route-3.0",
            providers: [.apt(["libnl-route-3-dev"])]),
        .target(name: "COpenAPI"),

        .target(name: "CAN", swiftSettings: strict),
        .target(name: "HTTP", swiftSettings: strict),
        .target(name: "Linux", dependencies: ["CLinux"], swiftSettings: strict),
        .target(name: "JSON", dependencies: ["CJansson"], swiftSettings: strict),
        .target(name: "EventLoop", dependencies: ["Linux", "CEpoll"], swiftSettings: strict),
        .target(
            name: "SocketCAN", dependencies: ["CAN", "Linux", "CLinuxCAN", "CNetlinkRoute"],
            swiftSettings: strict),
        .target(
            name: "HTTPServer",
            dependencies: ["HTTP", "EventLoop", "Linux", "CMicroHTTPD", "CWslay"],
            swiftSettings: strict),
        .target(
            name: "Gateway",
            dependencies: [
                "CAN", "HTTP", "JSON", "EventLoop", "SocketCAN", "Linux", "COpenAPI",
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "canhttpd",
            dependencies: [
                "Gateway", "HTTP", "HTTPServer", "EventLoop", "JSON", "Linux",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Configuration", package: "swift-configuration"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict),

        .testTarget(name: "CANTests", dependencies: ["CAN"], swiftSettings: strict),
        .testTarget(name: "EventLoopTests", dependencies: ["EventLoop", "Linux"], swiftSettings: strict),
        .testTarget(
            name: "GatewayTests", dependencies: ["Gateway", "CAN", "HTTP", "EventLoop", "JSON", "Linux", "SocketCAN"],
            swiftSettings: strict),
        .testTarget(name: "HTTPTests", dependencies: ["HTTP"], swiftSettings: strict),
        .testTarget(name: "JSONTests", dependencies: ["JSON"], swiftSettings: strict),
        .testTarget(name: "LinuxTests", dependencies: ["Linux"], swiftSettings: strict),
        .testTarget(
            name: "SocketCANTests", dependencies: ["SocketCAN", "CAN", "JSON", "Linux"],
            swiftSettings: strict),
    ],
    swiftLanguageModes: [.v6]
)
