//! A relay between the clients and the emulator, which does something bad to chosen requests.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_util::task::AbortOnDropHandle;

use super::answers::{action_of, page, refusal, status};
use super::clock::VirtualClock;
use super::fault::Fault;
use super::message::Message;
use super::transport::{NUMBER, Script};

/// How much longer an answer says it is than it is.
const MISSING: usize = 16;

/// A server in front of the emulator.
#[derive(Debug)]
pub struct Relay {
    address: SocketAddr,
    arrivals: Arrivals,
    _serving: AbortOnDropHandle<()>,
}

/// The requests that have come, in their order: number and action.
type Arrivals = Arc<Mutex<Vec<(u64, String)>>>;

/// What a connection needs.
#[derive(Clone)]
struct Serving {
    emulator: SocketAddr,
    clock: Arc<VirtualClock>,
    script: Arc<Script>,
    arrivals: Arrivals,
}

/// Whether a connection is used again.
#[derive(PartialEq, Eq)]
enum Connection {
    Kept,
    Ended,
}

impl Relay {
    /// A relay on a port of its own.
    pub async fn start(emulator: SocketAddr, clock: Arc<VirtualClock>, script: Arc<Script>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let arrivals = Arrivals::default();
        let serving = Serving { emulator, clock, script, arrivals: Arc::clone(&arrivals) };
        let task = tokio::spawn(accept(listener, serving));
        Self { address, arrivals, _serving: AbortOnDropHandle::new(task) }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The requests that have come, in their order: number and action.
    pub fn arrivals(&self) -> Vec<(u64, String)> {
        self.arrivals.lock().unwrap().clone()
    }
}

async fn accept(listener: TcpListener, serving: Serving) {
    let mut connections = JoinSet::new();
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        // The relay ignores a client that goes away; the client's own error counts.
        connections.spawn(serving.clone().serve(stream));
    }
}

impl Serving {
    async fn serve(self, stream: TcpStream) -> io::Result<()> {
        stream.set_nodelay(true)?;
        let mut client = BufReader::new(stream);
        let emulator = TcpStream::connect(self.emulator).await?;
        emulator.set_nodelay(true)?;
        let mut emulator = BufReader::new(emulator);
        while let Some(request) = Message::read(&mut client).await? {
            if self.exchange(&request, &mut client, &mut emulator).await? == Connection::Ended {
                break;
            }
        }
        Ok(())
    }

    async fn exchange(
        &self,
        request: &Message,
        client: &mut BufReader<TcpStream>,
        emulator: &mut BufReader<TcpStream>,
    ) -> io::Result<Connection> {
        let number: u64 = request.header(NUMBER).unwrap().parse().unwrap();
        self.arrivals.lock().unwrap().push((number, action_of(request)));
        let Some(fault) = self.script.fault(number) else {
            let answer = forward(request, emulator).await?;
            client.write_all(&answer.to_bytes()).await?;
            return Ok(Connection::Kept);
        };
        match fault {
            Fault::ConnectionRefused => panic!("request {number} has come, although nobody listened"),
            Fault::ResetBefore => reset(client),
            Fault::ResetAfter => {
                forward(request, emulator).await?;
                reset(client)
            }
            Fault::SilenceBefore => self.be_silent(number, client).await,
            Fault::SilenceAfter => {
                forward(request, emulator).await?;
                self.be_silent(number, client).await
            }
            Fault::Status(code) => say(client, &status(code)).await,
            Fault::Page(code) => say(client, &page(code)).await,
            Fault::Refusal(status, code, message) => {
                say(client, &refusal(request, status, code, message)).await
            }
            Fault::CutOff => {
                let answer = forward(request, emulator).await?;
                client.write_all(&cut_off(&answer)).await?;
                Ok(Connection::Ended)
            }
            Fault::TooShort => {
                let answer = forward(request, emulator).await?;
                client.write_all(&too_short(&answer)).await?;
                Ok(Connection::Kept)
            }
            Fault::TooLong => {
                let answer = forward(request, emulator).await?;
                let length = answer.body.len() + MISSING;
                client.write_all(&answer.with_length(length, &answer.body)).await?;
                self.be_silent(number, client).await
            }
        }
    }

    /// Lets the client's time pass, until it has gone away.
    async fn be_silent(&self, number: u64, client: &mut BufReader<TcpStream>) -> io::Result<Connection> {
        self.clock.silent(number);
        let more = client.read(&mut [0]).await?;
        assert_eq!(more, 0, "a client sends nothing more before it has its answer");
        Ok(Connection::Ended)
    }
}

/// The emulator's answer.
async fn forward(request: &Message, emulator: &mut BufReader<TcpStream>) -> io::Result<Message> {
    emulator.write_all(&request.to_bytes()).await?;
    let answer = Message::read(emulator).await?;
    Ok(answer.unwrap())
}

async fn say(client: &mut BufReader<TcpStream>, answer: &Message) -> io::Result<Connection> {
    client.write_all(&answer.to_bytes()).await?;
    Ok(Connection::Kept)
}

/// Ends the connection so that the other side gets a TCP reset.
fn reset(client: &mut BufReader<TcpStream>) -> io::Result<Connection> {
    client.get_mut().set_zero_linger()?;
    Ok(Connection::Ended)
}

/// Half of the body. One that is empty ends before bytes that were promised.
fn cut_off(answer: &Message) -> Vec<u8> {
    let (half, _) = answer.body.split_at(answer.body.len() / 2);
    let length = if answer.body.is_empty() { MISSING } else { answer.body.len() };
    answer.with_length(length, half)
}

/// More bytes than were promised.
fn too_short(answer: &Message) -> Vec<u8> {
    if answer.body.is_empty() {
        answer.with_length(0, b"{}")
    } else {
        answer.with_length(answer.body.len() / 2, &answer.body)
    }
}
