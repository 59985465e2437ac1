//! A cursor over a MessagePack document that never trusts a length.

use rmp::{Marker, decode as read};

use crate::{Number, encoding::Reason};

/// The rest of a document.
pub(super) struct Reader<'a> {
    rest: &'a [u8],
}

/// What kind of value begins with a marker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Nil,
    Bool,
    Integer,
    Float,
    Text,
    Bytes,
    Array,
    Map,
    Extension,
    /// The one marker the format keeps for later.
    Reserved,
}

impl Kind {
    /// The kind in a message, with its article.
    pub(super) fn name(self) -> &'static str {
        match self {
            Kind::Nil => "null",
            Kind::Bool => "a bool",
            Kind::Integer | Kind::Float => "a number",
            Kind::Text => "a string",
            Kind::Bytes => "binary data",
            Kind::Array => "a sequence",
            Kind::Map => "a map or object",
            Kind::Extension => "an unknown value",
            Kind::Reserved => "a reserved marker",
        }
    }
}

impl<'a> Reader<'a> {
    pub(super) fn new(document: &'a [u8]) -> Reader<'a> {
        Reader { rest: document }
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    /// The kind of the value that comes next.
    pub(super) fn kind(&self) -> Result<Kind, Reason> {
        Ok(match self.marker()? {
            Marker::Null => Kind::Nil,
            Marker::True | Marker::False => Kind::Bool,
            Marker::FixPos(_)
            | Marker::FixNeg(_)
            | Marker::U8
            | Marker::U16
            | Marker::U32
            | Marker::U64
            | Marker::I8
            | Marker::I16
            | Marker::I32
            | Marker::I64 => Kind::Integer,
            Marker::F32 | Marker::F64 => Kind::Float,
            Marker::FixStr(_) | Marker::Str8 | Marker::Str16 | Marker::Str32 => Kind::Text,
            Marker::Bin8 | Marker::Bin16 | Marker::Bin32 => Kind::Bytes,
            Marker::FixArray(_) | Marker::Array16 | Marker::Array32 => Kind::Array,
            Marker::FixMap(_) | Marker::Map16 | Marker::Map32 => Kind::Map,
            Marker::FixExt1
            | Marker::FixExt2
            | Marker::FixExt4
            | Marker::FixExt8
            | Marker::FixExt16
            | Marker::Ext8
            | Marker::Ext16
            | Marker::Ext32 => Kind::Extension,
            Marker::Reserved => Kind::Reserved,
        })
    }

    pub(super) fn nil(&mut self) -> Result<(), Reason> {
        read::read_nil(&mut self.rest).map_err(|_| Reason::Truncated)
    }

    pub(super) fn bool(&mut self) -> Result<bool, Reason> {
        self.expect(Kind::Bool, "a bool")?;
        read::read_bool(&mut self.rest).map_err(|_| Reason::Truncated)
    }

    /// A number in any of its three forms; large ones come as decimal text.
    pub(super) fn number(&mut self) -> Result<Number, Reason> {
        match self.kind()? {
            Kind::Integer => self.integer(),
            Kind::Float => Ok(Number::from_f64(self.float()?)?),
            Kind::Text => Ok(self.text()?.parse::<Number>()?),
            other => Err(Reason::WrongType { wanted: "a number", found: other.name() }),
        }
    }

    pub(super) fn text(&mut self) -> Result<&'a str, Reason> {
        self.expect(Kind::Text, "a string")?;
        let length = read::read_str_len(&mut self.rest).map_err(|_| Reason::Truncated)?;
        std::str::from_utf8(self.take(length)?).map_err(|_| Reason::NotUtf8)
    }

    /// Binary data, or the bytes of a text where a sender makes no difference.
    pub(super) fn bytes(&mut self) -> Result<&'a [u8], Reason> {
        match self.kind()? {
            Kind::Text => Ok(self.text()?.as_bytes()),
            Kind::Bytes => {
                let length = read::read_bin_len(&mut self.rest).map_err(|_| Reason::Truncated)?;
                self.take(length)
            }
            other => Err(Reason::WrongType { wanted: "binary data", found: other.name() }),
        }
    }

    /// The number of elements an array claims to have: nothing may be allocated on its word.
    pub(super) fn array(&mut self, wanted: &'static str) -> Result<u32, Reason> {
        self.expect(Kind::Array, wanted)?;
        read::read_array_len(&mut self.rest).map_err(|_| Reason::Truncated)
    }

    /// The number of pairs a map claims to have: nothing may be allocated on its word.
    pub(super) fn map(&mut self, wanted: &'static str) -> Result<u32, Reason> {
        self.expect(Kind::Map, wanted)?;
        read::read_map_len(&mut self.rest).map_err(|_| Reason::Truncated)
    }

    /// The code and the payload of an extension.
    pub(super) fn extension(&mut self) -> Result<(i8, &'a [u8]), Reason> {
        let meta = read::read_ext_meta(&mut self.rest).map_err(|_| Reason::Truncated)?;
        Ok((meta.typeid, self.take(meta.size)?))
    }

    /// Passes over one value of any kind, however deep, without recursion.
    pub(super) fn skip(&mut self) -> Result<(), Reason> {
        let mut values_left: u64 = 1;
        while values_left > 0 {
            values_left -= 1;
            match self.kind()? {
                Kind::Nil => self.nil()?,
                Kind::Bool => drop(self.bool()?),
                Kind::Integer => drop(self.integer()?),
                Kind::Float => drop(self.float()?),
                Kind::Text | Kind::Bytes => drop(self.bytes()?),
                Kind::Extension => drop(self.extension()?),
                Kind::Array => values_left += u64::from(self.array("")?),
                Kind::Map => values_left += 2 * u64::from(self.map("")?),
                Kind::Reserved => return Err(Reason::Syntax("a reserved marker was sent".to_owned())),
            }
        }
        Ok(())
    }

    fn integer(&mut self) -> Result<Number, Reason> {
        if self.marker()? == Marker::U64 {
            return read::read_u64(&mut self.rest).map(Number::from).map_err(|_| Reason::Truncated);
        }
        read::read_int::<i64, _>(&mut self.rest).map(Number::from).map_err(|_| Reason::Truncated)
    }

    fn float(&mut self) -> Result<f64, Reason> {
        let float = match self.marker()? {
            Marker::F32 => read::read_f32(&mut self.rest).map(f64::from),
            _ => read::read_f64(&mut self.rest),
        };
        float.map_err(|_| Reason::Truncated)
    }

    fn marker(&self) -> Result<Marker, Reason> {
        self.rest.first().map(|byte| Marker::from_u8(*byte)).ok_or(Reason::Truncated)
    }

    fn expect(&self, kind: Kind, wanted: &'static str) -> Result<(), Reason> {
        let found = self.kind()?;
        if found == kind { Ok(()) } else { Err(Reason::WrongType { wanted, found: found.name() }) }
    }

    fn take(&mut self, length: u32) -> Result<&'a [u8], Reason> {
        let length = usize::try_from(length).map_err(|_| Reason::Truncated)?;
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(Reason::Truncated)?;
        self.rest = rest;
        Ok(taken)
    }
}
