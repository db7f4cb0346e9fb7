/// What the programs say to the person or the script that started them.
///
/// ``Standard`` writes to the two streams, ``Terminal`` knows what a window can show, and
/// ``ExitStatus`` has the numbers that programs end with.
public enum Console {}
