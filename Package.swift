// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .treatAllWarnings(as: .error),
]

let log: Target.Dependency = .product(name: "Logging", package: "swift-log")
let arguments: Target.Dependency = .product(
    name: "ArgumentParser", package: "swift-argument-parser")
let heap: Target.Dependency = .product(name: "HeapModule", package: "swift-collections")
let grdb: Target.Dependency = .product(name: "GRDB", package: "GRDB.swift")
let histogram: Target.Dependency = .product(name: "Histogram", package: "hdrhistogram-swift")

/// A library module of the package. Dependencies point one way: see docs/architecture.md.
func module(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

/// A program: its main and nothing else.
func program(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .executableTarget(name: name, dependencies: dependencies, swiftSettings: settings)
}

/// The tests of one module.
func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: name, dependencies: dependencies, swiftSettings: settings)
}

/// What the two kinds of replicated server are made of.
let replicated: [Target.Dependency] = [
    "API", "Bookstore", "Console", "Durability", "FastCGI", "HTTPClient", "MonotonicTime",
    "RegisterHost", "ReplicaHost", "Replication", "ServerRuntime", "Storage", log,
]

let package = Package(
    name: "pygmy",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "frontEndServer", targets: ["frontEndServer"]),
        .executable(name: "catalogServer", targets: ["catalogServer"]),
        .executable(name: "orderServer", targets: ["orderServer"]),
        .executable(name: "client", targets: ["client"]),
        .executable(name: "pygmy", targets: ["pygmy"]),
        .executable(name: "simulator", targets: ["simulator"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.1.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.0.0"),
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.1.0"),
    ],
    targets: [
        // C libraries: module maps and shims, nothing else.
        .systemLibrary(
            name: "CFastCGI", providers: [.apt(["libfcgi-dev"])]),
        .systemLibrary(
            name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),

        // Pure modules: no I/O, no clock, no randomness of their own.
        module("MonotonicTime"),
        module("Replication", ["MonotonicTime"]),
        module("Bookstore"),
        module("Caching", ["MonotonicTime"]),
        module("API"),

        // Adapters: each owns one C library, or a part of the system.
        module("Threads"),
        module("Console", [arguments]),
        module("FastCGI", ["CFastCGI", "Threads", log]),
        module("HTTPClient", ["CCurl", "Threads"]),
        module("Durability", ["Bookstore"]),
        module("Storage", ["Bookstore", "Durability", "Replication", grdb]),

        // The parts of a server, and the three kinds of it.
        module(
            "ServerRuntime",
            [
                "API", "Console", "FastCGI", "HTTPClient", "MonotonicTime", "Threads", arguments,
                heap, log,
            ]),
        module(
            "RegisterHost",
            [
                "API", "Console", "Durability", "HTTPClient", "Replication", "ServerRuntime",
                "Threads", log,
            ]),
        module(
            "ReplicaHost",
            [
                "API", "Bookstore", "Console", "Durability", "FastCGI", "HTTPClient",
                "MonotonicTime", "RegisterHost", "Replication", "ServerRuntime", "Storage",
                "Threads", log,
            ]),
        module(
            "FrontEnd",
            [
                "API", "Caching", "Durability", "FastCGI", "HTTPClient", "MonotonicTime",
                "RegisterHost", "Replication", "ServerRuntime", "Threads", log,
            ]),
        module("Catalog", replicated),
        module("Orders", replicated),

        // What looks after a cluster, and what puts it on trial.
        module("Deployment", ["API", "HTTPClient", log]),
        module("Simulation", ["Replication", "Bookstore", "Caching", "MonotonicTime", heap]),

        program("frontEndServer", ["FrontEnd", "ServerRuntime", arguments]),
        program("catalogServer", ["Catalog", "ServerRuntime", arguments]),
        program("orderServer", ["Orders", "ServerRuntime", arguments]),
        program("client", ["API", "Console", "HTTPClient", arguments]),
        program(
            "pygmy",
            [
                "API", "Bookstore", "Console", "Deployment", "Durability", "HTTPClient",
                "Replication", "Storage", arguments, histogram, log,
            ]),
        program("simulator", ["Simulation", arguments]),

        // A module's tests stand under its name; SystemTests run the programs behind nginx.
        tests("APITests", ["API", "TestSupport"]),
        tests("BookstoreTests", ["Bookstore", "TestSupport"]),
        tests("CachingTests", ["Caching", "MonotonicTime", "TestSupport"]),
        tests("CatalogTests", ["Catalog", "MonotonicTime"]),
        tests("ClientTests", ["API", "ChildProcess", "TestSupport", "client"]),
        tests("ConsoleTests", ["Console"]),
        tests("DeploymentTests", ["API", "ChildProcess", "Deployment", "TestSupport"]),
        tests("FastCGITests", ["FastCGI", "TestSupport", log]),
        tests(
            "FrontEndTests",
            [
                "API", "Caching", "FastCGI", "FrontEnd", "HTTPClient", "MonotonicTime",
                "Replication", "TestSupport", log,
            ]),
        // What the tests of several modules need.
        .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: settings),
        // A program that a test started.
        .target(name: "ChildProcess", path: "Tests/ChildProcess", swiftSettings: settings),
        // A server that misbehaves as a test tells it to.
        .target(
            name: "SocketServer", dependencies: ["TestSupport"], path: "Tests/SocketServer",
            swiftSettings: settings),
        tests("HTTPClientTests", ["HTTPClient", "SocketServer"]),
        tests("ThreadsTests", ["Threads"]),
        tests("PygmyTests", ["API", "Console", "pygmy", arguments]),
        tests(
            "ServerRuntimeTests",
            ["API", "HTTPClient", "MonotonicTime", "ServerRuntime", "SocketServer", log]),
        tests(
            "ReplicaHostTests",
            ["Durability", "MonotonicTime", "ReplicaHost", "Replication", "Storage"]),
        .testTarget(
            name: "ReplicationTests", dependencies: ["MonotonicTime", "Replication"],
            exclude: ["Transcripts"], swiftSettings: settings),
        tests("SimulationTests", ["Simulation"]),
        tests(
            "StorageTests",
            [
                "Bookstore", "ChildProcess", "Durability", "Replication", "Storage", "TestSupport",
            ]),
        tests(
            "SystemTests",
            [
                "ChildProcess", "TestSupport", "frontEndServer", "catalogServer", "orderServer",
                "client", "pygmy",
            ]),
    ])
