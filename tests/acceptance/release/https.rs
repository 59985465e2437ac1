//! A server of files over HTTPS, for hosts that take a mirror from nowhere else.

use std::fs;
use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use test_support::network::head_of;

/// Serves the files of a folder until the process ends. Gives back its address, and writes the certificate to trust to
/// a file.
pub fn serve(folder: &Path, certificate: &Path) -> String {
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let text = STANDARD.encode(cert.der());
    fs::write(certificate, format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n"))
        .unwrap();
    let key = PrivatePkcs8KeyDer::from(signing_key.serialize_der());
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key.into())
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("https://{}/", listener.local_addr().unwrap());
    let folder = folder.to_owned();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (config, folder) = (Arc::clone(&config), folder.clone());
            thread::spawn(move || answer(config, stream.unwrap(), &folder));
        }
    });
    address
}

/// Answers one request of a connection. Who closes it early gets nothing.
fn answer(config: Arc<ServerConfig>, stream: TcpStream, folder: &Path) {
    let mut stream = StreamOwned::new(ServerConnection::new(config).unwrap(), stream);
    let Some(head) = head_of(&mut stream) else { return };
    let path = head.split(' ').nth(1).unwrap_or_default().trim_start_matches('/');
    let file: PathBuf = folder.join(path);
    let is_json = file.extension().is_some_and(|extension| extension == "json");
    let kind = if is_json { "application/json" } else { "application/zip" };
    let (status, body) = fs::read(file).map_or((404, Vec::new()), |body| (200, body));
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status} X\r\nConnection: close\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\r\n"
    );
    let _ = stream.write_all(&[head.as_bytes(), &body].concat());
    stream.conn.send_close_notify();
    let _ = stream.flush();
}
