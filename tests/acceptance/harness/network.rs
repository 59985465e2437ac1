//! What stands in for the places on the network that keys come from, and what listens in on the way to a service.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

/// Something that listens on a port of its own and takes each connection in a thread; it ends when dropped.
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

/// A server of plain HTTP; it keeps the heads of the requests.
pub struct Server {
    listening: Listening,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// `answer` gets the head of each request and gives a status and a body.
    pub fn start(answer: impl Fn(&str) -> (u16, String) + Send + Sync + 'static) -> Self {
        let heads = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&heads);
        let listening = Listening::start(move |mut stream| {
            let Some(head) = head_of(&mut stream) else { return };
            let (status, body) = answer(&head);
            seen.lock().unwrap().push(head);
            let length = body.len();
            let head =
                format!("HTTP/1.1 {status} X\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n");
            // Whoever asked may have gone.
            let _ = stream.write_all((head + &body).as_bytes());
        });
        Self { listening, heads }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.listening.address)
    }

    /// Whether a request held this text, in its line or in a header.
    pub fn was_sent(&self, text: &str) -> bool {
        self.heads.lock().unwrap().iter().any(|head| head.contains(text))
    }

    pub fn was_asked(&self) -> bool {
        !self.heads.lock().unwrap().is_empty()
    }
}

fn head_of(stream: &mut TcpStream) -> Option<String> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        if stream.read(&mut byte).ok()? == 0 {
            return None;
        }
        head.push(byte[0]);
    }
    String::from_utf8(head).ok()
}

/// Passes connections on to another address and keeps what goes through.
pub struct Relay {
    listening: Listening,
    asked: Arc<Mutex<Vec<u8>>>,
    answered: Arc<Mutex<Vec<u8>>>,
}

impl Relay {
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

    pub fn url(&self) -> String {
        format!("http://{}", self.listening.address)
    }

    /// `127.0.0.1:<port>`
    pub fn address(&self) -> String {
        self.listening.address.to_string()
    }

    /// What clients have sent.
    pub fn asked(&self) -> String {
        String::from_utf8_lossy(&self.asked.lock().unwrap()).into_owned()
    }

    /// Every value of a member in the JSON of the answers.
    pub fn answered(&self, member: &str) -> Vec<String> {
        let answered = String::from_utf8_lossy(&self.answered.lock().unwrap()).into_owned();
        let begins = format!("\"{member}\":\"");
        let values = answered.split(&begins).skip(1).map(|rest| rest.split('"').next().unwrap().to_owned());
        values.collect()
    }
}

/// Copies bytes until one end is closed. They are kept before they are passed on: whoever has had an answer finds it
/// here.
fn pass(mut from: &TcpStream, mut to: &TcpStream, kept: &Mutex<Vec<u8>>) {
    let mut buffer = [0; 16 * 1024];
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        kept.lock().unwrap().extend(&buffer[..count]);
        if to.write_all(&buffer[..count]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Write);
}
