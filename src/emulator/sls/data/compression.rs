//! The compressions of log groups and of answers.

use std::io::{self, Read as _, Write as _};

use flate2::bufread::GzDecoder;
use flate2::write::ZlibEncoder;
use flate2::{Decompress, FlushDecompress, Status};

/// A compression the service names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// A bare LZ4 block: no frame, no length in front
    /// (<https://github.com/lz4/lz4/blob/dev/doc/lz4_Block_format.md>).
    Lz4,
    /// Deflate: read with the wrapper of zlib (RFC 1950) or without one (RFC 1951), written with it.
    Deflate,
    /// Gzip: read as a zlib stream (RFC 1950), which it is in the vendor's SDKs, or as what the name means elsewhere
    /// (RFC 1952), and written as zlib. No page describes what the service does.
    Gzip,
    /// A frame of zstd (RFC 8878).
    Zstd,
}

impl Compression {
    const ALL: [Self; 4] = [Self::Lz4, Self::Deflate, Self::Gzip, Self::Zstd];

    /// The word for it in `x-log-compresstype` and `Accept-Encoding`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Lz4 => "lz4",
            Self::Deflate => "deflate",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
        }
    }

    /// The compression of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|compression| compression.name() == name)
    }

    /// The first one an `Accept-Encoding` header names; weights are ignored.
    pub fn accepted(header: Option<&str>) -> Option<Self> {
        let mut names = header?.split(',').map(|part| part.split(';').next().unwrap_or_default().trim());
        names.find_map(Self::from_name)
    }

    /// Compresses.
    ///
    /// # Errors
    ///
    /// None is expected: nothing is written but memory.
    pub fn compress(self, data: &[u8]) -> io::Result<Vec<u8>> {
        match self {
            Self::Lz4 => Ok(lz4_flex::block::compress(data)),
            Self::Deflate | Self::Gzip => {
                let mut encoder = ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
                encoder.write_all(data)?;
                encoder.finish()
            }
            Self::Zstd => zstd::bulk::compress(data, zstd::DEFAULT_COMPRESSION_LEVEL),
        }
    }

    /// Decompresses what has to be `size` bytes long; `None` for anything that is longer, shorter, damaged
    /// or followed by something else. No more than about `size` bytes are ever held.
    pub fn decompress(self, data: &[u8], size: usize) -> Option<Vec<u8>> {
        let decompressed = match self {
            Self::Lz4 => {
                let mut out = vec![0; size];
                let length = lz4_flex::block::decompress_into(data, &mut out).ok()?;
                (length == size).then_some(out)
            }
            Self::Deflate => inflated(data, size, true).or_else(|| inflated(data, size, false)),
            Self::Gzip => inflated(data, size, true).or_else(|| gunzipped(data, size)),
            Self::Zstd => zstd::bulk::decompress(data, size).ok(),
        };
        decompressed.filter(|out| out.len() == size)
    }
}

fn inflated(data: &[u8], size: usize, with_zlib_header: bool) -> Option<Vec<u8>> {
    let mut inflater = Decompress::new(with_zlib_header);
    // One byte more than needed, so that longer data is noticed.
    let mut out = Vec::with_capacity(size.checked_add(1)?);
    let status = inflater.decompress_vec(data, &mut out, FlushDecompress::Finish).ok()?;
    let is_whole = status == Status::StreamEnd && usize::try_from(inflater.total_in()) == Ok(data.len());
    is_whole.then_some(out)
}

fn gunzipped(data: &[u8], size: usize) -> Option<Vec<u8>> {
    let mut decoder = GzDecoder::new(data);
    let mut out = Vec::new();
    let limit = u64::try_from(size).ok()?.checked_add(1)?;
    decoder.by_ref().take(limit).read_to_end(&mut out).ok()?;
    decoder.into_inner().is_empty().then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TEXT: &[u8] = b"hello hello hello hello";

    #[track_caller]
    fn check(compression: Compression, compressed: &str) {
        let compressed = hex::decode(compressed).unwrap();
        assert_eq!(compression.decompress(&compressed, TEXT.len()).as_deref(), Some(TEXT));
    }

    #[test]
    fn what_other_programs_wrote_is_read() {
        // By hand: 6 literals, a match of 12 bytes 6 bytes back, 5 literals.
        check(Compression::Lz4, "6868656c6c6f2006005068656c6c6f");
        // Python 3.11: `zlib.compress`, the same with `wbits=-15`, `gzip.compress(mtime=0)`.
        check(Compression::Deflate, "789ccb48cdc9c957c8402701680308b1");
        check(Compression::Deflate, "cb48cdc9c957c8402701");
        check(Compression::Gzip, "789ccb48cdc9c957c8402701680308b1");
        check(Compression::Gzip, "1f8b0800000000000203cb48cdc9c957c8402701e3513d8d17000000");
        // `zstd --no-check` from a pipe, so that the frame does not say how long its content is.
        check(Compression::Zstd, "28b52ffd00586500003068656c6c6f200100994b11");
    }

    #[test]
    fn gzip_is_written_as_a_zlib_stream() {
        let written = Compression::Gzip.compress(TEXT).unwrap();
        assert_eq!(Compression::Deflate.decompress(&written, TEXT.len()).as_deref(), Some(TEXT));
        assert_eq!(written[0], 0x78, "the header of zlib");
    }

    #[test]
    fn what_follows_gzip_of_rfc_1952_is_refused() {
        let mut data = hex::decode("1f8b0800000000000203cb48cdc9c957c8402701e3513d8d17000000").unwrap();
        data.push(0);
        assert_eq!(Compression::Gzip.decompress(&data, TEXT.len()), None);
    }

    #[test]
    fn names_are_the_services() {
        for compression in Compression::ALL {
            assert_eq!(Compression::from_name(compression.name()), Some(compression));
        }
        assert_eq!(Compression::from_name("br"), None);
        assert_eq!(Compression::accepted(Some("br, zstd;q=0.5, lz4")), Some(Compression::Zstd));
        assert_eq!(Compression::accepted(Some("")), None);
        assert_eq!(Compression::accepted(None), None);
    }

    #[test]
    fn a_size_that_is_not_the_datas_is_refused() {
        for compression in Compression::ALL {
            let data = compression.compress(&[7; 1000]).unwrap();
            for size in [0, 1, 999, 1001] {
                assert_eq!(compression.decompress(&data, size), None, "{compression:?} {size}");
            }
            assert_eq!(compression.decompress(b"\xff\xff\xff", 10), None, "{compression:?}");
            assert_eq!(compression.decompress(b"", 10), None, "{compression:?}");
            let cut = data.get(..data.len() - 1).unwrap();
            assert_eq!(compression.decompress(cut, 1000), None, "{compression:?}");
        }
    }

    #[test]
    fn what_follows_the_data_is_refused() {
        for compression in [Compression::Deflate, Compression::Gzip, Compression::Zstd] {
            let mut data = compression.compress(TEXT).unwrap();
            data.extend_from_slice(b"more");
            assert_eq!(compression.decompress(&data, TEXT.len()), None, "{compression:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_compressed_comes_back(data in prop::collection::vec(any::<u8>(), 0..2000)) {
            for compression in Compression::ALL {
                let compressed = compression.compress(&data).unwrap();
                prop_assert_eq!(compression.decompress(&compressed, data.len()), Some(data.clone()));
            }
        }

        #[test]
        fn no_input_makes_more_than_was_announced(data in prop::collection::vec(any::<u8>(), 0..200)) {
            for compression in Compression::ALL {
                if let Some(out) = compression.decompress(&data, 64) {
                    prop_assert_eq!(out.len(), 64);
                }
            }
        }
    }
}
