//! The requests that are sent: bytes made beforehand, so that the load costs as little as possible.

use std::rc::Rc;

use usher::{
    domain::Product,
    sandbox::{
        Account,
        webhook::{Delivery, Happening},
    },
};

/// What the webhooks are signed with.
pub const SECRET: &str = "bench-webhook-secret";
/// How long each body is.
pub const BODY_BYTES: usize = 1024;
const NUMBER_DIGITS: usize = 16;

/// Where a connection gets its requests from.
pub trait Deliveries: 'static {
    /// The whole request of the delivery with that number; no two have the same identifier.
    fn request(&mut self, number: u64) -> &[u8];
}

/// Deliveries about one user that differ in nothing but their identifier, which is not signed.
pub struct OfOneUser {
    request: Vec<u8>,
    digits: usize,
}

impl OfOneUser {
    /// Deliveries about the user with that number.
    pub fn new(user: usize) -> Self {
        let request = request(&account(user), 0);
        let end = position(&request, IDENTIFIER.as_bytes()) + IDENTIFIER.len() + 2 * NUMBER_DIGITS;
        Self { request, digits: end - NUMBER_DIGITS }
    }
}

impl Deliveries for OfOneUser {
    fn request(&mut self, number: u64) -> &[u8] {
        for (index, digit) in self.request[self.digits..][..NUMBER_DIGITS].iter_mut().rev().enumerate() {
            *digit = b"0123456789abcdef"[(number >> (4 * index)) as usize & 0xf];
        }
        &self.request
    }
}

/// One delivery each about many users.
#[derive(Clone)]
pub struct OfManyUsers(Rc<[Vec<u8>]>);

impl OfManyUsers {
    /// About that many users, in the order of their numbers.
    pub fn new(users: usize) -> Self {
        Self((0..users).map(|user| request(&account(user), user as u64)).collect())
    }
}

impl Deliveries for OfManyUsers {
    fn request(&mut self, number: u64) -> &[u8] {
        &self.0[number as usize]
    }
}

/// The user with that number. What the product shows of it makes the body as long as it should be.
pub fn account(number: usize) -> Account {
    let plain = |padding: usize| {
        Account::new(format!("JIRAUSER{number:07}"), format!("user{number:07}"))
            .email(format!("user{number:07}@acme.example"))
            .extra("padding", "x".repeat(padding))
    };
    let short = delivery(&plain(0), 0).body().len();
    plain(BODY_BYTES.saturating_sub(short))
}

const IDENTIFIER: &str = "X-Atlassian-Webhook-Identifier: ";

fn delivery(account: &Account, number: u64) -> Delivery {
    Delivery::of(Product::JiraDc, Happening::Created, account)
        .header("X-Atlassian-Webhook-Identifier", format!("{:016x}{number:016x}", 0))
        .sign(SECRET)
}

fn request(account: &Account, number: u64) -> Vec<u8> {
    let delivery = delivery(account, number);
    let mut head = String::from("POST /webhooks/acme HTTP/1.1\r\nHost: usher.example\r\n");
    for (name, value) in delivery.headers() {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str(&format!("Content-Length: {}\r\n\r\n", delivery.body().len()));
    [head.as_bytes(), delivery.body()].concat()
}

fn position(bytes: &[u8], part: &[u8]) -> usize {
    bytes.windows(part.len()).position(|window| window == part).expect("the request has the header")
}
