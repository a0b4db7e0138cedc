// swift-tools-version: 6.2
import PackageDescription

// A package of its own: what measures xt2 is no part of it, and its C program is nothing that xt2 needs.
//
//   Benchmarks/run [OPTIONS]      builds xt2 and this, and measures
let package = Package(
    name: "Benchmarks",
    dependencies: [
        .package(name: "xt2", path: ".."),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    ],
    targets: [
        .systemLibrary(name: "CMnlFloor", pkgConfig: "libmnl"),
        .systemLibrary(name: "CSQLiteFloor", pkgConfig: "sqlite3"),
        .target(name: "CLinux"),
        .executableTarget(name: "floor", dependencies: ["CMnlFloor", "CSQLiteFloor"]),
        .executableTarget(
            name: "bench",
            dependencies: [
                "CLinux", .product(name: "NetlinkProto", package: "xt2"),
                .product(name: "RuleSyntax", package: "xt2"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: [.swiftLanguageMode(.v6), .treatAllWarnings(as: .error)]),
    ]
)
