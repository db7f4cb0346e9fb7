internal import Foundation
internal import Testing

/// Gives a suite, or a test, a running cluster, and ends it afterwards.
struct ClusterTrait: SuiteTrait, TestTrait, TestScoping {
    /// Two at a time: there are two cores, and a cluster is up to eight processes.
    private static let turnstile = Turnstile(places: 2)
    @TaskLocal fileprivate static var current: Cluster?

    var plan: ClusterPlan
    var startsServers: Bool
    var isRecursive: Bool { false }

    func provideScope(
        for test: Test, testCase: Test.Case?, performing body: @Sendable () async throws -> Void
    ) async throws {
        await Self.turnstile.enter()
        defer { Self.turnstile.leave() }
        try await withTaskExecutorPreference(ThreadExecutor()) {
            let cluster = try Cluster(plan)
            defer { cluster.end() }
            if startsServers { try cluster.start() }
            try await Self.$current.withValue(cluster) { try await body() }
        }
    }
}

extension Trait where Self == ClusterTrait {
    /// A cluster that runs when the test begins.
    static func cluster(_ plan: ClusterPlan) -> Self {
        ClusterTrait(plan: plan, startsServers: true)
    }

    /// A cluster's folder, in which nothing runs yet.
    static func folder(_ plan: ClusterPlan) -> Self {
        ClusterTrait(plan: plan, startsServers: false)
    }
}

extension Cluster {
    /// The cluster of the test that is running.
    static var current: Cluster {
        guard let cluster = ClusterTrait.current else {
            preconditionFailure("the test has neither .cluster nor .folder")
        }
        return cluster
    }
}
