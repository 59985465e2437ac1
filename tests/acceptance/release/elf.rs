//! What an ELF file of 64 bits asks the machine for before it runs (System V ABI, chapter 5).

/// Program headers: a dynamic section, and the path of a loader.
const DYNAMIC: u64 = 2;
const INTERPRETER: u64 = 3;

/// An entry of the dynamic section: a library that the loader has to find.
const NEEDED: u64 = 1;

/// How many libraries the program needs, and whether it needs a loader.
pub fn needs(program: &[u8]) -> (usize, bool) {
    assert!(program.starts_with(b"\x7fELF\x02\x01"), "not a little-endian ELF file of 64 bits");
    let number = |at: u64, bytes: usize| {
        let at = usize::try_from(at).unwrap();
        let part = &program[at..at + bytes];
        part.iter().rev().fold(0, |sum, byte| sum << 8 | u64::from(*byte))
    };
    let (headers, size, count) = (number(32, 8), number(54, 2), number(56, 2));
    let headers: Vec<u64> = (0..count).map(|index| headers + index * size).collect();
    let of_kind = |kind| headers.iter().filter(move |header| number(**header, 4) == kind);
    let libraries = of_kind(DYNAMIC).flat_map(|header| {
        let (offset, length) = (number(header + 8, 8), number(header + 32, 8));
        (0..length / 16).map(move |index| offset + index * 16)
    });
    (libraries.filter(|entry| number(*entry, 8) == NEEDED).count(), of_kind(INTERPRETER).next().is_some())
}
