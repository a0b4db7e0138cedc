// swift-tools-version: 6.2
import PackageDescription

/// One list for every target, so that no module is held to a weaker rule than its neighbour.
let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    // `AttributeReader` and its kin are views that must not outlive the bytes they look at.
    .enableExperimentalFeature("Lifetimes"),
    .treatAllWarnings(as: .error),
]

/// Release builds carry the runtimes of Swift and C++: finding their symbols would be most of the start of a short command.
///
/// Objects that were compiled against the dynamic Foundation do not name the libraries that it is made of; those follow here,
/// each before the ones that it needs.
let staticRuntime: [String] = [
    "-static-stdlib", "-L\(Context.packageDirectory)/packaging/link", "-Xclang-linker",
    "-static-libgcc", "-l_FoundationCollections", "-l_FoundationCShims", "-Xlinker",
    "--version-script=\(Context.packageDirectory)/packaging/link/exports.map",
]

let package = Package(
    name: "xt2",
    products: [
        .executable(name: "xt2", targets: ["xt2"]),
        .executable(name: "xt2d", targets: ["xt2d"]),
        .library(name: "NetlinkProto", targets: ["NetlinkProto"]),
        .library(name: "RuleSyntax", targets: ["RuleSyntax"]),
        .library(name: "RuleStore", targets: ["RuleStore"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        .systemLibrary(name: "CMnl", pkgConfig: "libmnl", providers: [.apt(["libmnl-dev"])]),
        .systemLibrary(name: "CMalloc"),
        // libxtables itself is opened at run time; only its header is needed here.
        .target(name: "CXTables"),
        .target(name: "NetlinkProto", swiftSettings: settings),
        .target(name: "RuleSyntax", dependencies: ["NetlinkProto"], swiftSettings: settings),
        .target(name: "XTables", dependencies: ["CXTables"], swiftSettings: settings),
        .target(
            name: "IPTables", dependencies: ["NetlinkProto", "RuleSyntax", "XTables"],
            swiftSettings: settings),
        .target(
            name: "RuleStore",
            dependencies: [
                "NetlinkProto",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "GRDBSQLite", package: "GRDB.swift"),
                .product(name: "HashTreeCollections", package: "swift-collections"),
            ],
            // The daemon must not need files next to it.
            resources: [
                .embedInCode("Store/Migrations/migration_0001.sql"),
                .embedInCode("Store/Migrations/migration_0002.sql"),
                .embedInCode("Store/Migrations/migration_0003.sql"),
            ],
            swiftSettings: settings),
        .executableTarget(
            name: "xt2d",
            dependencies: [
                "CMalloc", "CMnl", "NetlinkProto", "RuleStore",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "HashTreeCollections", package: "swift-collections"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            swiftSettings: settings,
            linkerSettings: [
                .unsafeFlags(
                    staticRuntime + ["-lCoreFoundation", "-l_FoundationICU", "-lstdc++"],
                    .when(configuration: .release))
            ]),
        .executableTarget(
            name: "xt2",
            dependencies: [
                "IPTables", "NetlinkProto", "RuleSyntax", "XTables",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: settings,
            // A third of the start of a short command was relocating the program to a random address. The daemon stays
            // position-independent (docs/decisions/0006-fixed-address.md).
            linkerSettings: [
                .unsafeFlags(
                    staticRuntime + ["-Xclang-linker", "-no-pie"],
                    .when(configuration: .release))
            ]),
        .target(
            name: "TestSupport", dependencies: ["NetlinkProto"], path: "Tests/TestSupport",
            swiftSettings: settings),
        .testTarget(
            name: "NetlinkProtoTests",
            dependencies: [
                "NetlinkProto", "TestSupport", .product(name: "Yams", package: "Yams"),
            ],
            swiftSettings: settings),
        .testTarget(
            name: "RuleSyntaxTests", dependencies: ["RuleSyntax", "NetlinkProto", "TestSupport"],
            swiftSettings: settings),
        .testTarget(
            name: "IPTablesTests",
            dependencies: ["IPTables", "NetlinkProto", "RuleSyntax", "TestSupport", "XTables"],
            swiftSettings: settings),
        .testTarget(
            name: "RuleStoreTests",
            dependencies: [
                "RuleStore", "TestSupport",
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "GRDBSQLite", package: "GRDB.swift"),
            ],
            exclude: ["Fixtures"],
            swiftSettings: settings),
        .testTarget(
            name: "xt2dTests",
            dependencies: [
                "NetlinkProto", "RuleStore", "RuleSyntax", "TestSupport", "xt2d",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            swiftSettings: settings),
        .testTarget(
            name: "xt2Tests",
            dependencies: [
                "NetlinkProto", "RuleSyntax", "TestSupport", "xt2", "xt2d",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            exclude: ["Golden"],
            swiftSettings: settings),
        .testTarget(
            name: "SystemTests",
            dependencies: ["NetlinkProto", "RuleSyntax", "TestSupport", "xt2", "xt2d"],
            swiftSettings: settings),
    ]
)
