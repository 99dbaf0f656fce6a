//! Plain, gzip or zstd: told by the first bytes, since names lie and stdin has none.

use std::io::{self, Cursor, Read};

/// What the first bytes are; longer than any of them.
const MAGIC_BYTES: usize = 4;
const GZIP: &[u8] = &[0x1F, 0x8B];
const ZSTD: &[u8] = &[0x28, 0xB5, 0x2F, 0xFD];

/// An input whose first bytes were looked at and are given again.
type Peeked<R> = io::Chain<Cursor<Vec<u8>>, R>;

/// An input, decompressed.
pub(crate) enum Source<R: Read> {
    /// Nothing was read yet.
    Fresh(R),
    Plain(Peeked<R>),
    #[cfg(feature = "gzip")]
    Gzip(Box<flate2::read::MultiGzDecoder<Peeked<R>>>),
    #[cfg(feature = "zstd")]
    Zstd(Box<zstd::Decoder<'static, io::BufReader<Peeked<R>>>>),
    /// Opening it failed.
    Spent,
}

impl<R: Read> Source<R> {
    /// Whether bytes are decompressed on the way.
    pub(crate) fn is_compressed(&self) -> bool {
        !matches!(self, Self::Fresh(_) | Self::Plain(_) | Self::Spent)
    }

    /// Looks at the first bytes.
    fn open(mut input: R) -> io::Result<Self> {
        let mut first = Vec::with_capacity(MAGIC_BYTES);
        input.by_ref().take(MAGIC_BYTES as u64).read_to_end(&mut first)?;
        let (is_gzip, is_zstd) = (first.starts_with(GZIP), first.starts_with(ZSTD));
        let peeked = Cursor::new(first).chain(input);
        if is_gzip {
            return Self::gzip(peeked);
        }
        if is_zstd {
            return Self::zstd(peeked);
        }
        Ok(Self::Plain(peeked))
    }

    #[cfg(feature = "gzip")]
    fn gzip(input: Peeked<R>) -> io::Result<Self> {
        Ok(Self::Gzip(Box::new(flate2::read::MultiGzDecoder::new(input))))
    }

    #[cfg(not(feature = "gzip"))]
    fn gzip(_: Peeked<R>) -> io::Result<Self> {
        Err(io::Error::new(io::ErrorKind::Unsupported, "built without the feature `gzip`"))
    }

    #[cfg(feature = "zstd")]
    fn zstd(input: Peeked<R>) -> io::Result<Self> {
        Ok(Self::Zstd(Box::new(zstd::Decoder::new(input)?)))
    }

    #[cfg(not(feature = "zstd"))]
    fn zstd(_: Peeked<R>) -> io::Result<Self> {
        Err(io::Error::new(io::ErrorKind::Unsupported, "built without the feature `zstd`"))
    }
}

impl<R: Read> Read for Source<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if let Self::Fresh(_) = self
            && let Self::Fresh(input) = std::mem::replace(self, Self::Spent)
        {
            *self = Self::open(input)?;
        }
        match self {
            Self::Fresh(_) | Self::Spent => Ok(0),
            Self::Plain(input) => input.read(buffer),
            #[cfg(feature = "gzip")]
            Self::Gzip(input) => input.read(buffer),
            #[cfg(feature = "zstd")]
            Self::Zstd(input) => input.read(buffer),
        }
    }
}
