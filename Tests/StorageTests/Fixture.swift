import Bookstore
import ChildProcess
import Durability
import Glibc
import Replication
import Storage

/// Runs a program of the system, without output.
/// - Returns: its exit status; -1 where it could not be run.
@discardableResult
func run(_ program: String, _ arguments: String...) -> Int32 {
    guard let process = try? ChildProcess(program, arguments, directory: "/"),
        case .exited(let status) = process.wait()
    else { return -1 }
    return status
}

/// Copies a directory as it stands on the disk now, open files and all: what a killed process
/// leaves.
func copyDirectory(_ path: String, to copy: String) {
    precondition(run("/bin/cp", "-a", path, copy) == 0, "\(path) cannot be copied")
}

func entry(_ index: LogIndex, view: ViewNumber = 1, _ text: String? = nil) -> Entry {
    Entry(
        index: index, view: view, keys: [index, 7], payload: Array((text ?? "entry \(index)").utf8))
}

func entry(_ index: LogIndex, view: ViewNumber = 1, _ operation: CatalogOperation) -> Entry {
    Entry(index: index, view: view, keys: operation.keys, payload: operation.encoded)
}

func key(_ text: String) -> IdempotencyKey {
    guard let key = IdempotencyKey(text) else { preconditionFailure("no key: \(text)") }
    return key
}

func book(_ itemNumber: Int64, stock: Int64 = 3, topic: String = "Misc") -> Book {
    Book(
        itemNumber: itemNumber, title: "Book \(itemNumber)", topic: topic, cost: Cents(1250),
        stock: stock)
}

func buy(_ text: String, _ itemNumber: Int64, of quantity: Int64 = 1, at time: Int64 = 1000)
    -> CatalogOperation
{
    .buy(.init(key: key(text), itemNumber: itemNumber, quantity: quantity, time: time))
}

/// Where a text stands in bytes.
func places(of text: String, in bytes: [UInt8]) -> [Int] {
    let pattern = Array(text.utf8)
    guard let first = pattern.first, bytes.count >= pattern.count else { return [] }
    return (0...bytes.count - pattern.count).filter {
        bytes[$0] == first && bytes[$0..<$0 + pattern.count].elementsEqual(pattern)
    }
}

/// Changes one byte of every file of a directory, wherever a text stands in it.
/// - Returns: how many places were changed.
func damage(_ directory: String, where text: String) throws -> Int {
    var count = 0
    for name in try names(in: directory) where name.contains(".db") {
        let path = "\(directory)/\(name)"
        var bytes = try Files.read(path)
        let found = places(of: text, in: bytes)
        for place in found { bytes[place] ^= 0x20 }
        if !found.isEmpty { try overwrite(path, bytes) }
        count += found.count
    }
    return count
}

/// Zeroes the page of a database that a text stands in.
func zeroPage(of path: String, where text: String) throws {
    var bytes = try Files.read(path)
    guard let place = places(of: text, in: bytes).first else {
        preconditionFailure("\(path) does not contain \(text)")
    }
    let page = place / 4096 * 4096
    for place in page..<page + 4096 { bytes[place] = 0 }
    try overwrite(path, bytes)
}

/// Writes a file in its place, as a disk that errs does.
func overwrite(_ path: String, _ bytes: [UInt8]) throws {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw StorageError.lastSystemError(path) }
    defer { close(descriptor) }
    guard write(descriptor, bytes, bytes.count) == bytes.count else {
        throw StorageError.lastSystemError(path)
    }
}

/// The names in a directory, in order.
func names(in directory: String) throws -> [String] {
    guard let handle = opendir(directory) else { throw StorageError.lastSystemError(directory) }
    defer { closedir(handle) }
    var names: [String] = []
    while let item = readdir(handle) {
        let name = withUnsafePointer(to: item.pointee.d_name) {
            $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
}
