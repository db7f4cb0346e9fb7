internal import CCurl
internal import Glibc

/// One request from its start to its outcome. Belongs to the transfer loop.
final class Transfer {
    let completion: HTTPClient.Completion
    private let request: HTTPRequest
    private let timeout: Duration
    private let receiver: HTTPClient.Receiver?
    private let headLimit: Int
    private let bodyLimit: Int
    private var head: [UInt8] = []
    private var body: [UInt8] = []
    private var status = 0
    private var headIsWhole = false
    private var isRepeated = false
    private var failure: HTTPClientError?
    private var headerList: UnsafeMutablePointer<curl_slist>?

    /// The address that it goes to.
    var authority: String { request.authority }

    /// - Parameter timeout: what is left of the submission's.
    init(_ submission: Submission, timeout: Duration, _ configuration: HTTPClient.Configuration) {
        completion = submission.completion
        request = submission.request
        self.timeout = timeout
        receiver = submission.receiver
        headLimit = configuration.headLimit
        bodyLimit = configuration.bodyLimit
    }

    deinit { curl_slist_free_all(headerList) }

    // MARK: The request

    /// Sets a handle up for this request; returns what is wrong with it, nil for nothing.
    func prepare(_ handle: UnsafeMutableRawPointer) -> String? {
        guard request.path.utf8.first == UInt8(ascii: "/"),
            request.path.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f })
        else { return "the path \(request.path.debugDescription)" }
        guard !request.authority.isEmpty,
            request.authority.utf8.allSatisfy({
                $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "@")
            })
        else { return "the address \(request.authority.debugDescription)" }
        guard !request.method.isEmpty,
            request.method.utf8.allSatisfy({ $0 >= UInt8(ascii: "A") && $0 <= UInt8(ascii: "Z") })
        else { return "the method \(request.method.debugDescription)" }

        _ = pygmy_curl_set_text(
            handle, CURLOPT_URL, "http://\(request.authority)\(request.path)")
        _ = pygmy_curl_set_long(handle, CURLOPT_TIMEOUT_MS, Self.milliseconds(timeout))
        // Undoes whatever method the handle was used for before.
        _ = pygmy_curl_set_long(handle, CURLOPT_HTTPGET, 1)
        _ = pygmy_curl_set_text(handle, CURLOPT_CUSTOMREQUEST, nil)
        if request.method == "HEAD" {
            _ = pygmy_curl_set_long(handle, CURLOPT_NOBODY, 1)
        } else {
            if !request.body.isEmpty || request.method == "POST" || request.method == "PUT" {
                // The size first: libcurl copies that many bytes when it is given them.
                _ = pygmy_curl_set_size(
                    handle, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(request.body.count))
                _ = request.body.withUnsafeBytes { body in
                    if let start = body.baseAddress, !body.isEmpty {
                        pygmy_curl_set_const_pointer(handle, CURLOPT_COPYPOSTFIELDS, start)
                    } else {
                        pygmy_curl_set_text(handle, CURLOPT_COPYPOSTFIELDS, "")
                    }
                }
            }
            _ = pygmy_curl_set_text(handle, CURLOPT_CUSTOMREQUEST, request.method)
        }
        if let reason = setHeaders(handle) { return reason }
        let context = Unmanaged.passUnretained(self).toOpaque()
        _ = pygmy_curl_set_pointer(handle, CURLOPT_HEADERDATA, context)
        _ = pygmy_curl_set_pointer(handle, CURLOPT_WRITEDATA, context)
        return nil
    }

    private func setHeaders(_ handle: UnsafeMutableRawPointer) -> String? {
        // What libcurl would add by itself; a name without a value takes it away. Each costs, for
        // libcurl looks through the whole list for every header that it knows.
        var added = ["Accept:"]
        if !request.body.isEmpty || request.method != "GET" { added.append("Content-Type:") }
        if request.body.count > Self.expectationSize { added.append("Expect:") }
        for (name, value) in request.headers {
            guard !name.isEmpty, name.utf8.allSatisfy({ Self.isTokenByte($0) }),
                value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f || $0 == 9 })
            else { return "the header \(name.debugDescription)" }
            added.removeAll { Self.names($0, name) }
            // libcurl's way to send a header with no value is a semicolon.
            let isBlank = value.utf8.allSatisfy { $0 == 0x20 || $0 == 9 }
            headerList = curl_slist_append(headerList, isBlank ? name + ";" : name + ": " + value)
        }
        for line in added { headerList = curl_slist_append(headerList, line) }
        _ = pygmy_curl_set_list(handle, CURLOPT_HTTPHEADER, headerList)
        return nil
    }

    /// Bodies beyond this many bytes make libcurl ask the server first whether it wants them
    /// (lib/http.h, EXPECT_100_THRESHOLD, is a megabyte; later releases may have less).
    private static let expectationSize = 64 << 10

    /// Whether a line of a header list is for a header of this name, in whatever case.
    private static func names(_ line: String, _ name: String) -> Bool {
        line.utf8.count == name.utf8.count + 1
            && zip(line.utf8, name.utf8).allSatisfy { $0 == $1 || $0 ^ 0x20 == $1 }
    }

    private static func isTokenByte(_ byte: UInt8) -> Bool {
        byte > 0x20 && byte < 0x7f && byte != UInt8(ascii: ":") && byte != UInt8(ascii: ";")
    }

    private static func milliseconds(_ duration: Duration) -> Int {
        let (seconds, attoseconds) = duration.components
        // Rounded up: zero would mean for ever.
        let count =
            min(seconds, 86_400 * 365) * 1000
            + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
        return max(1, Int(count))
    }

    // MARK: The answer

    /// Makes a handle deliver what it receives to its transfer.
    static func install(on handle: UnsafeMutableRawPointer) {
        _ = pygmy_curl_set_sink(handle, CURLOPT_HEADERFUNCTION) { bytes, size, count, context in
            Transfer.deliver(bytes, size * count, context) { $0.receiveHead($1) }
        }
        _ = pygmy_curl_set_sink(handle, CURLOPT_WRITEFUNCTION) { bytes, size, count, context in
            Transfer.deliver(bytes, size * count, context) { $0.receiveBody($1) }
        }
    }

    private static func deliver(
        _ bytes: UnsafeMutablePointer<CChar>?, _ count: Int, _ context: UnsafeMutableRawPointer?,
        _ receive: (Transfer, UnsafeRawBufferPointer) -> Bool
    ) -> Int {
        guard let context else { return 0 }
        // The loop holds the transfer for as long as its handle is in use.
        let transfer = Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
        return receive(transfer, UnsafeRawBufferPointer(start: bytes, count: count)) ? count : 0
    }

    private func receiveHead(_ line: UnsafeRawBufferPointer) -> Bool {
        if line.starts(with: "HTTP/".utf8) {
            // A new head, as after 100 Continue. The status stands after the first space.
            head = []
            headIsWhole = false
            status = 0
            if let space = line.firstIndex(of: UInt8(ascii: " ")) {
                for byte in line[(space + 1)...].prefix(3) where byte >= 48 && byte <= 57 {
                    status = status * 10 + Int(byte - 48)
                }
            }
            return true
        }
        guard head.count + line.count <= headLimit else {
            failure = .tooLarge
            return false
        }
        head.append(contentsOf: line)
        if line.first == 13 || line.first == 10 { headIsWhole = true }
        return true
    }

    private func receiveBody(_ bytes: UnsafeRawBufferPointer) -> Bool {
        if let receiver, (200..<300).contains(status) {
            if receiver(Array(bytes)) { return true }
            failure = .cancelled
            return false
        }
        guard body.count + bytes.count <= bodyLimit else {
            failure = .tooLarge
            return false
        }
        body.append(contentsOf: bytes)
        return true
    }

    /// Makes the request ready to be sent again, once, on a new connection and within its time.
    /// - Returns: whether it can be.
    func prepareAgain(_ handle: UnsafeMutableRawPointer) -> Bool {
        var microseconds: curl_off_t = 0
        _ = pygmy_curl_get_size(handle, CURLINFO_TOTAL_TIME_T, &microseconds)
        let left = timeout - .microseconds(Int64(microseconds))
        guard !isRepeated, left > .zero else { return false }
        isRepeated = true
        head = []
        _ = pygmy_curl_set_long(handle, CURLOPT_TIMEOUT_MS, Self.milliseconds(left))
        _ = pygmy_curl_set_long(handle, CURLOPT_FRESH_CONNECT, 1)
        return true
    }

    /// Whether the request met a kept connection that the server had closed before it read any of
    /// it. libcurl sends such a request again by itself where the end is noticed while it waits for
    /// the answer; not where it is noticed while it sends the body.
    func metClosedConnection(_ code: CURLcode, _ handle: UnsafeMutableRawPointer) -> Bool {
        guard code == CURLE_SEND_ERROR || code == CURLE_RECV_ERROR || code == CURLE_GOT_NOTHING,
            failure == nil, status == 0
        else { return false }
        var opened = 0
        _ = pygmy_curl_get_long(handle, CURLINFO_NUM_CONNECTS, &opened)
        return opened == 0
    }

    /// What became of the request.
    func result(_ code: CURLcode, _ handle: UnsafeMutableRawPointer)
        -> Result<HTTPResponse, HTTPClientError>
    {
        if let failure { return .failure(failure) }
        if code == CURLE_OK {
            // libcurl takes a head that breaks off for a whole one.
            guard headIsWhole else { return .failure(.broken("the answer's head broke off")) }
            return .success(HTTPResponse(status: status, head: head, body: body))
        }
        let detail = String(cString: curl_easy_strerror(code))
        switch code {
        case CURLE_URL_MALFORMAT:
            return .failure(.invalidRequest(detail))
        case CURLE_COULDNT_CONNECT:
            var number = 0
            _ = pygmy_curl_get_long(handle, CURLINFO_OS_ERRNO, &number)
            return .failure(
                Int32(number) == ECONNREFUSED ? .connectionRefused : .unreachable(detail))
        case CURLE_COULDNT_RESOLVE_HOST:
            return .failure(.unreachable(detail))
        default: break
        }
        var sent = 0
        _ = pygmy_curl_get_long(handle, CURLINFO_REQUEST_SIZE, &sent)
        if sent == 0 { return .failure(.unreachable(detail)) }
        return .failure(code == CURLE_OPERATION_TIMEDOUT ? .timedOut : .broken(detail))
    }
}
