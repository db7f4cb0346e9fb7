import API
import ArgumentParser
import Console
import Deployment
import Foundation
import Glibc

/// `pygmy status`: the cluster as its front end sees it, and whether its books add up.
struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Shows the running cluster as a table.",
        discussion: """
            With --audit every server is asked for its books and orders, and the command ends with \
            1 where they do not add up: opening stock + restocks = stock + sales, and one order \
            for each sale.
            """)

    @OptionGroup var file: ConfigurationOption

    @Flag(help: "Prove that stock, sales and orders add up on the running system.")
    var audit = false

    @Flag(help: "Print JSON.")
    var json = false

    /// How long servers that are in use may disagree.
    private static let patience: Duration = .seconds(10)

    func run() throws {
        let store = Store(try file.load())
        let (body, document) = try status(of: store)
        let report = StatusReport(
            document: document, width: Terminal(STDOUT_FILENO).width)
        if !json { Standard.output(report.text) }
        guard audit else {
            if json { Standard.output(String(decoding: body, as: UTF8.self)) }
            return
        }
        let (result, missing) = try audited(store, roles: report.roles)
        let faults = result.faults + result.disagreements
        if json {
            show(body, result, faults: faults, missing: missing)
        } else {
            for line in missing { Standard.output("\nnot audited: \(line)") }
            let lines = faults.isEmpty ? result.proof.map { "proved: \($0)" } : faults
            Standard.output("\n" + lines.joined(separator: "\n"))
        }
        if !faults.isEmpty { throw ExitCode.failure }
    }

    /// Asks where clients are received, and after that the front ends themselves.
    private func status(of store: Store) throws -> ([UInt8], JSON) {
        let secret = try store.credentials().clusterSecret
        var fault: StoreFault?
        let frontEnds = store.configuration.servers(of: .frontEnd).map(\.address)
        for (address, secret) in [(store.listen, nil)] + frontEnds.map({ ($0, secret) }) {
            do throws(StoreFault) {
                let body = try store.get("/status", at: address, secret: secret)
                if let document = try? JSON(parsing: body) { return (body, document) }
                fault = fault ?? .unreachable("what answers at \(address) is not a Pygmy store")
            } catch {
                fault = fault ?? error
            }
        }
        Standard.error("pygmy: \(fault?.text ?? "there is no front end")")
        throw fault?.exitCode ?? .unavailable
    }

    /// Asks every member until they agree, or for long enough.
    private func audited(
        _ store: Store, roles: [String: String]
    ) throws -> (Audit, missing: [String]) {
        let secret = try store.credentials().clusterSecret
        let deadline = ContinuousClock.now + StatusCommand.patience
        while true {
            let (answers, missing) = try ask(store, "/audit", roles: roles, secret)
            let audit = Audit(answers: answers)
            if audit.disagreements.isEmpty { return (audit, missing) }
            guard ContinuousClock.now > deadline else {
                Thread.sleep(forTimeInterval: 0.2)
                continue
            }
            guard let through = audit.settledThrough, through > 0 else { return (audit, missing) }
            let (settled, absent) = try ask(
                store, "/audit?through=\(through)", roles: roles, secret)
            return (Audit(answers: settled, through: through), absent)
        }
    }

    /// Asks every member once, all of a group or one at least.
    private func ask(
        _ store: Store, _ path: String, roles: [String: String], _ secret: Secret
    ) throws -> ([Audit.Answer], missing: [String]) {
        var answers: [Audit.Answer] = []
        var missing: [String] = []
        for server in store.configuration.servers where server.id.kind != .frontEnd {
            if roles[server.id.name] == "joining" {
                missing.append("\(server.id) is not a member of the view yet")
                continue
            }
            do throws(StoreFault) {
                // An audit of millions of orders takes its time; a server that hangs says nothing.
                _ = try store.get("/metrics", at: server.address, timeout: .seconds(5))
                let body = try store.get(
                    path, at: server.address, secret: secret, timeout: .seconds(600))
                guard let document = try? JSON(parsing: body) else {
                    throw .unreachable("\(server.address) answered something else than JSON")
                }
                answers.append(Audit.Answer(server: server.id, document: document))
            } catch {
                missing.append("\(server.id): \(error.text)")
            }
        }
        for kind in [ServerKind.catalog, .order]
        where !answers.contains(where: { $0.server.kind == kind }) {
            for line in missing { Standard.error("pygmy: \(line)") }
            Standard.error("pygmy: no \(kind.rawValue) can be audited")
            throw ExitCode.unavailable
        }
        return (answers, missing)
    }

    private func show(_ status: [UInt8], _ audit: Audit, faults: [String], missing: [String]) {
        var text = JSONText(reservingCapacity: 4096)
        text.object { document in
            document.member("status", json: status)
            document.array("faults") { array in
                for fault in faults { array.element(fault) }
            }
            document.array("notAudited") { array in
                for line in missing { array.element(line) }
            }
            document.array("proved") { array in
                for line in faults.isEmpty ? audit.proof : [] { array.element(line) }
            }
        }
        Standard.output(String(decoding: text.bytes, as: UTF8.self))
    }
}
