//! Servers in place of the network services that give keys, and a relay that records what is sent to a service.

#![expect(clippy::unwrap_used, reason = "a panic in a test is its report")]

use std::io::{Read, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

/// No head of a request is longer, in bytes.
const LONGEST_HEAD: usize = 64 * 1024;

/// Something that listens on a port of its own and takes each connection in a thread; it ends when dropped.
#[derive(Debug)]
struct Listening {
    address: SocketAddr,
    over: Arc<AtomicBool>,
}

impl Listening {
    fn start(take: impl Fn(TcpStream) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let over = Arc::new(AtomicBool::new(false));
        let (ending, take) = (Arc::clone(&over), Arc::new(take));
        thread::spawn(move || {
            for stream in listener.incoming() {
                if ending.load(Ordering::SeqCst) {
                    break;
                }
                let (stream, take) = (stream.unwrap(), Arc::clone(&take));
                thread::spawn(move || take(stream));
            }
        });
        Self { address, over }
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        // One more connection, so that it looks.
        let _ = TcpStream::connect(self.address);
    }
}

/// An answer of a [`Server`].
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// Headers besides those about the connection and the length.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

/// A server of plain HTTP; it keeps the heads of the requests.
#[derive(Debug)]
pub struct Server {
    listening: Listening,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// `answer` gets the head of each request and gives a status and a body.
    ///
    /// # Panics
    /// If there is no free port.
    pub fn start(answer: impl Fn(&str) -> (u16, String) + Send + Sync + 'static) -> Self {
        Self::start_reading(move |head, _| answer(head))
    }

    /// As [`Server::start`]; `answer` gets the body of each request too, as long as `Content-Length` says.
    ///
    /// # Panics
    /// If there is no free port.
    pub fn start_reading(answer: impl Fn(&str, &str) -> (u16, String) + Send + Sync + 'static) -> Self {
        Self::start_answering(move |head, body| {
            let (status, body) = answer(head, body);
            Answer { status, headers: Vec::new(), body }
        })
    }

    /// As [`Server::start_reading`], with headers in the answers.
    ///
    /// # Panics
    /// If there is no free port.
    pub fn start_answering(answer: impl Fn(&str, &str) -> Answer + Send + Sync + 'static) -> Self {
        let heads = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&heads);
        let listening = Listening::start(move |mut stream| {
            let Some(head) = head_of(&mut stream) else { return };
            let Some(body) = body_of(&mut stream, &head) else { return };
            let Answer { status, headers, body } = answer(&head, &body);
            seen.lock().unwrap().push(head);
            let headers = headers.into_iter().map(|(name, value)| format!("{name}: {value}\r\n"));
            let (headers, length) = (headers.collect::<String>(), body.len());
            let head = format!(
                "HTTP/1.1 {status} X\r\n{headers}Connection: close\r\nContent-Length: {length}\r\n\r\n"
            );
            // The client may have closed the connection.
            let _ = stream.write_all((head + &body).as_bytes());
        });
        Self { listening, heads }
    }

    /// `http://127.0.0.1:<port>`
    pub fn url(&self) -> String {
        format!("http://{}", self.listening.address)
    }

    /// How many requests have come.
    ///
    /// # Panics
    /// If an answer panicked.
    pub fn asked(&self) -> usize {
        self.heads.lock().unwrap().len()
    }

    /// Whether a request held this text, in its line or in a header.
    ///
    /// # Panics
    /// If an answer panicked.
    pub fn was_sent(&self, text: &str) -> bool {
        self.heads.lock().unwrap().iter().any(|head| head.contains(text))
    }

    /// Whether a request has come.
    ///
    /// # Panics
    /// If an answer panicked.
    pub fn was_asked(&self) -> bool {
        self.asked() > 0
    }
}

/// The head of a request; `None` if the connection ends before it does, or it is too long.
pub fn head_of(stream: &mut impl Read) -> Option<String> {
    let (mut head, mut byte) = (Vec::new(), [0]);
    for _ in 0..LONGEST_HEAD {
        stream.read_exact(&mut byte).ok()?;
        head.extend(byte);
        if head.ends_with(b"\r\n\r\n") {
            return String::from_utf8(head).ok();
        }
    }
    None
}

/// The body of a request; `None` if the connection ends before it does.
fn body_of(stream: &mut TcpStream, head: &str) -> Option<String> {
    let length = head.lines().filter_map(|line| line.split_once(": ")).find_map(|(name, value)| {
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
    });
    let mut body = vec![0; length.unwrap_or_default()];
    stream.read_exact(&mut body).ok()?;
    String::from_utf8(body).ok()
}

/// Passes connections on to another address and keeps what goes through.
#[derive(Debug)]
pub struct Relay {
    listening: Listening,
    asked: Arc<Mutex<Vec<u8>>>,
    answered: Arc<Mutex<Vec<u8>>>,
}

impl Relay {
    /// Passes connections on to `to`.
    ///
    /// # Panics
    /// If there is no free port.
    pub fn start(to: &str) -> Self {
        let (asked, answered) = (Arc::<Mutex<Vec<u8>>>::default(), Arc::<Mutex<Vec<u8>>>::default());
        let (there, back, to) = (Arc::clone(&asked), Arc::clone(&answered), to.to_owned());
        let listening = Listening::start(move |near| {
            let far = TcpStream::connect(&to).unwrap();
            let ends = (near.try_clone().unwrap(), far.try_clone().unwrap());
            let kept = Arc::clone(&there);
            let asking = thread::spawn(move || pass(&ends.0, &ends.1, &kept));
            pass(&far, &near, &back);
            let _ = asking.join();
        });
        Self { listening, asked, answered }
    }

    /// `http://127.0.0.1:<port>`
    pub fn url(&self) -> String {
        format!("http://{}", self.listening.address)
    }

    /// `127.0.0.1:<port>`
    pub fn address(&self) -> String {
        self.listening.address.to_string()
    }

    /// What clients have sent.
    ///
    /// # Panics
    /// If passing on panicked.
    pub fn asked(&self) -> String {
        String::from_utf8_lossy(&self.asked.lock().unwrap()).into_owned()
    }

    /// Every value of a member in the JSON of the answers.
    ///
    /// # Panics
    /// If passing on panicked.
    pub fn answered(&self, member: &str) -> Vec<String> {
        let answered = String::from_utf8_lossy(&self.answered.lock().unwrap()).into_owned();
        let begins = format!("\"{member}\":\"");
        let values =
            answered.split(&begins).skip(1).map(|rest| rest.split('"').next().unwrap_or_default().to_owned());
        values.collect()
    }
}

/// Copies bytes until one end is closed. They are kept before they are passed on: a client that has had an answer
/// finds it here.
fn pass(mut from: &TcpStream, mut to: &TcpStream, kept: &Mutex<Vec<u8>>) {
    let mut buffer = [0; 16 * 1024];
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        let read = buffer.get(..count).unwrap();
        kept.lock().unwrap().extend(read);
        if to.write_all(read).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Write);
}
