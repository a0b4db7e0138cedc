// swift-tools-version: 6.2
import PackageDescription

// A package of its own: libFuzzer instruments everything that is built with it.
//
//   Fuzzing/run [SECONDS]      builds it and lets it run
let package = Package(
    name: "Fuzzing",
    dependencies: [.package(name: "xt2", path: "..")],
    targets: [
        .executableTarget(
            name: "FuzzNetlink",
            dependencies: [.product(name: "NetlinkProto", package: "xt2")],
            swiftSettings: [
                .swiftLanguageMode(.v6),
                // libFuzzer brings main().
                .unsafeFlags(["-parse-as-library"]),
            ])
    ]
)
