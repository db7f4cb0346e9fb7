/// Times as ISO 8601 in UTC with milliseconds: `2026-11-22T22:20:05.123Z`.
public enum Timestamp {
    /// The text of a time that is counted in milliseconds from 1970, UTC.
    public static func text(milliseconds: Int64) -> String {
        let days = floorDivide(milliseconds, 86_400_000)
        let rest = milliseconds - days * 86_400_000
        let (year, month, day) = civil(days: days)
        let clock = [rest / 3_600_000, rest / 60_000 % 60, rest / 1000 % 60].map { padded($0, 2) }
        return "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))T"
            + "\(clock.joined(separator: ":")).\(padded(rest % 1000, 3))Z"
    }

    /// The time of a text such as ``text(milliseconds:)`` makes, also without milliseconds, without
    /// seconds, or of a day alone, which stands for its beginning; nil for anything else, and for
    /// days that the calendar does not have.
    public static func milliseconds(_ text: String) -> Int64? {
        let bytes = Array(text.utf8)
        let full = Array("0000-01-01T00:00:00.000Z".utf8)
        let ends = [10, 17, 20, 24]
        guard ends.contains(bytes.count) else { return nil }
        var complete = full
        for (place, byte) in bytes.enumerated() {
            let isLast = bytes.count > 10 && place == bytes.count - 1
            if isLast {
                guard byte == UInt8(ascii: "Z") else { return nil }
            } else if (48...57).contains(full[place]) {
                guard (48...57).contains(byte) else { return nil }
                complete[place] = byte
            } else {
                guard byte == full[place] else { return nil }
            }
        }
        func number(_ range: Range<Int>) -> Int64 {
            complete[range].reduce(0) { $0 * 10 + Int64($1 - 48) }
        }
        let (year, month, day) = (number(0..<4), number(5..<7), number(8..<10))
        guard (1...12).contains(month), (1...31).contains(day), year >= 1970 else { return nil }
        // The inverse of `civil`, for years from March on.
        let shiftedYear = month <= 2 ? year - 1 : year
        let marchMonth = (month + 9) % 12
        let dayOfYear = (153 * marchMonth + 2) / 5 + day - 1
        let yearOfEra = shiftedYear % 400
        let days =
            shiftedYear / 400 * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100
            + dayOfYear - 719_468
        let clock =
            ((number(11..<13) * 60 + number(14..<16)) * 60 + number(17..<19)) * 1000
            + number(20..<23)
        let time = days * 86_400_000 + clock
        return self.text(milliseconds: time) == String(decoding: complete, as: UTF8.self)
            ? time : nil
    }

    private static func padded(_ number: Int64, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }

    private static func floorDivide(_ number: Int64, _ divisor: Int64) -> Int64 {
        number >= 0 ? number / divisor : -((-number + divisor - 1) / divisor)
    }

    /// The Gregorian date of a day that is counted from 1970-01-01. Years begin in March here, so
    /// that the leap day is the last of its year, and eras of 400 years are all alike.
    private static func civil(days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = days + 719_468
        let era = floorDivide(shifted, 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra =
            (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * marchMonth + 2) / 5 + 1
        let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }
}
