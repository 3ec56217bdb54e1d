//! The model of the address list beside the kernel's own: the same is done to both, and they are
//! compared.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::thread;
use std::time::{Duration, Instant};

use bindnet::live::Capturer;
use bindnet::model::{Host, Kernel, Notification, Operation, Refusal};
use bindnet::snapshot::{AddressFlags, LinkFlags, Scope};
use bindnet::{Address, Link, Snapshot};
use ipnet::IpNet;
use nix::errno::Errno;

use crate::heard::Ear;
use crate::ip_answers::{Answer, IpAnswers};
use crate::netns::{AddressRequest, Changer, IFA_LABEL, IFA_PROTO, capturer, sysctl};
use crate::same::{is_of_absent_link, same_as_ip, same_events, same_host};

/// A namespace and its model.
pub struct Beside {
    model: Host,
    ip: IpAnswers,
    ear: Ear,
    /// Asks about links. What it hears is not heard.
    asker: Ear,
    live: Capturer,
    changer: Changer,
    patience: Duration,
}

/// What became of an operation, on both sides.
pub struct Done {
    pub refused: Option<Refusal>,
    events: Vec<Notification>,
    before: Snapshot,
    after: Snapshot,
}

impl Done {
    /// What of that is worth to be counted.
    pub fn came_of_it(&self, operation: &Operation) -> impl Iterator<Item = &'static str> {
        let new = |event: &Notification| match event {
            Notification::NewAddress(address) => Some(*address),
            _ => None,
        };
        let new: Vec<Address> = self.events.iter().filter_map(new).collect();
        let is_deleted = |event: &&Notification| matches!(event, Notification::DeletedAddress(_));
        let deleted = self.events.iter().filter(is_deleted).count();
        let links = |host: &Snapshot| host.links().to_vec();
        let [before, after] = [links(&self.before), links(&self.after)];
        let lower_up = |link: &Link| link.flags().unwrap().contains(LinkFlags::LOWER_UP);
        let carriers = before.iter().zip(&after);
        let carriers = carriers.filter(|(before, after)| lower_up(before) != lower_up(after));
        let kept = |host: &Snapshot| {
            let tentative = |a: &Address| a.flags().unwrap().contains(AddressFlags::TENTATIVE);
            host.addresses().filter(tentative).count()
        };
        let mut scopes = BTreeMap::<_, BTreeSet<u8>>::new();
        for address in self.after.addresses().filter(|a| a.ip().is_ipv4()) {
            let of_link = scopes.entry(address.link_index()).or_default();
            of_link.insert(address.scope().unwrap().value());
        }
        let place = |host: &Snapshot, address: &Address| {
            let mut on_link = host
                .addresses()
                .filter(|a| a.link_index() == address.link_index());
            on_link.position(|a| a.ip() == address.ip())
        };
        let added = matches!(operation, Operation::AddAddress(_));
        let v4 = added && new.iter().any(|a| a.ip().is_ipv4());
        let secondary = v4 && new.iter().any(|a| a.is_secondary() == Some(true));
        let many = self.after.addresses().filter(|a| a.ip().is_ipv4()).count();
        let first = |a: &Address| place(&self.after, a) == Some(0);
        let deletes = matches!(operation, Operation::DeleteAddress(_));
        let renames = matches!(operation, Operation::RenameLink { .. });
        let label = |a: &Address| a.label().unwrap().as_bytes().to_vec();
        let colon = |a: &Address| label(a).contains(&b':');
        let ups = matches!(operation, Operation::LinkUp(_));
        let renamed_up = before
            .iter()
            .zip(&after)
            .any(|(before, after)| before.name() != after.name() && after.is_up() == Some(true));
        [
            (
                "a label is cut short",
                renames && new.iter().any(|a| label(a).len() == 15),
            ),
            (
                "a label is made up",
                renames && new.iter().skip(1).any(colon),
            ),
            (
                "a list of three scopes",
                scopes.values().any(|of_link| of_link.len() > 2),
            ),
            (
                "a macvlan has no carrier",
                after.iter().any(|link| {
                    link.kind() == Some("macvlan") && link.is_up() == Some(true) && !lower_up(link)
                }),
            ),
            (
                "a primary is put before another",
                v4 && !secondary && many > 1 && new.iter().any(first),
            ),
            ("a renamed link is up", renames && renamed_up),
            ("a secondary is added", secondary),
            ("a secondary is promoted", deletes && !new.is_empty()),
            (
                "addresses are kept on a link that is down",
                kept(&self.after) > kept(&self.before),
            ),
            ("more than one secondary goes", deletes && deleted > 2),
            (
                "what was kept is detected again",
                ups && kept(&self.after) < kept(&self.before),
            ),
            ("the carrier of another link changes", carriers.count() > 1),
        ]
        .into_iter()
        .filter_map(|(what, so)| so.then_some(what))
    }
}

impl Beside {
    /// In the namespace of this thread, in which nothing has been done.
    pub fn new(kernel: Kernel, promote: bool, patience: Duration) -> Self {
        for every in ["all", "default"] {
            sysctl(&format!("ipv6/conf/{every}/accept_dad"), 0);
            sysctl(&format!("ipv6/conf/{every}/keep_addr_on_down"), 0);
        }
        // IN6_ADDR_GEN_MODE_NONE
        sysctl("ipv6/conf/default/addr_gen_mode", 1);
        sysctl("ipv4/conf/all/promote_secondaries", 0);
        for new in ["default", "lo"] {
            sysctl(
                &format!("ipv4/conf/{new}/promote_secondaries"),
                promote.into(),
            );
        }
        Self {
            model: Host::new(kernel.promote_secondaries(promote)),
            ip: IpAnswers::start(),
            ear: Ear::open(),
            asker: Ear::open(),
            live: capturer(),
            changer: Changer::open(),
            patience,
        }
    }

    /// Does something to both; says what differs.
    pub fn apply(&mut self, operation: &Operation) -> Result<Done, String> {
        let line = operation.to_string();
        let (refused, mut host) = match line.contains(" proto ") {
            true => (self.by_hand(&line), self.ip.ask("").host),
            false => self.command(&line)?,
        };
        let before = self.model.snapshot();
        let modelled = self.model.apply(operation);
        let events = match (&modelled, refused) {
            (Ok(events), Ok(())) => events.as_slice(),
            (Err(_), Err(None)) => &[],
            (Err(expected), Err(Some(refusal))) if *expected == refusal => &[],
            (modelled, refused) => {
                return Err(format!(
                    "the model: {modelled:?}\nthe kernel: {refused:?}\n"
                ));
            }
        };
        let expected = self.model.snapshot();
        if modelled.is_err() && expected != before {
            return Err("what is refused changes the model".to_owned());
        }
        let give_up = Instant::now() + self.patience;
        let mut heard = Vec::new();
        loop {
            expected
                .links()
                .iter()
                .for_each(|link| self.asker.hurry(link.index()));
            let now = self.live.capture().unwrap();
            let mut news = self.ear.hear();
            if modelled.is_err() {
                // The other end of a cable that could not be made had been made.
                news.retain(|message| !is_of_absent_link(message, &expected));
            }
            heard.extend(news);
            let differs = same_host(&expected, &now)
                .and_then(|()| same_as_ip(&expected, &host))
                .and_then(|()| same_events(operation, events, &heard));
            match differs {
                Ok(()) => {
                    return Ok(Done {
                        refused: modelled.as_ref().err().copied(),
                        events: events.to_vec(),
                        before,
                        after: expected,
                    });
                }
                Err(differs) if Instant::now() > give_up => return Err(differs),
                // Carriers and the detection of IPv6 duplicates come by themselves.
                Err(_) => thread::sleep(Duration::from_micros(300)),
            }
            host = self.ip.ask("").host;
        }
    }

    fn command(&mut self, line: &str) -> Result<(Result<(), Option<Refusal>>, String), String> {
        if let Some(setting) = line.strip_prefix("sysctl -w ") {
            let (path, value) = setting.split_once('=').unwrap();
            let written = std::fs::write(format!("/proc/sys/{path}"), value);
            let refused = written.map_err(|_| Some(Refusal::NoSuchLink));
            return Ok((refused, self.ip.ask("").host));
        }
        let line = line.strip_prefix("ip ").unwrap();
        let answer = self.ip.ask(line);
        // It remembers the names of links that went with another one, and after the number of a
        // scope takes a word for the same number (`rtnl_rtscope_a2n` of iproute2 6.1).
        if line.starts_with("link del") || line.contains(" scope 77") {
            self.ip = IpAnswers::start();
        }
        told(answer)
    }

    /// Does what `ip addr add` and `replace` would do if they knew `proto`, as iproute2 before 6.3
    /// does not.
    fn by_hand(&self, line: &str) -> Result<(), Option<Refusal>> {
        let mut words = line.split_whitespace().skip(2);
        let mut next = || words.next();
        let replaces = next() == Some("replace");
        let (ip, mut len) = slashed(next().unwrap());
        let mut peer = None;
        let (mut scope, mut attributes, mut flags) = (Scope::GLOBAL, Vec::new(), 0u32);
        let mut lifetimes = [u32::MAX; 2];
        let mut index = None;
        while let Some(word) = next() {
            match word {
                "peer" => {
                    let (other, of_other) = slashed(next().unwrap());
                    (peer, len) = (Some(other), of_other);
                }
                "dev" => {
                    let name = next().unwrap().parse().unwrap();
                    index = self.model.snapshot().link_named(&name).map(Link::index);
                }
                "scope" => scope = next().unwrap().parse().unwrap(),
                "label" => attributes.push((IFA_LABEL, next().unwrap().as_bytes().to_vec())),
                "proto" => attributes.push((IFA_PROTO, vec![next().unwrap().parse().unwrap()])),
                "preferred_lft" => lifetimes[0] = next().unwrap().parse().unwrap(),
                "valid_lft" => lifetimes[1] = next().unwrap().parse().unwrap(),
                "nodad" => flags |= 0x02,
                "home" => flags |= 0x10,
                "noprefixroute" => flags |= 0x200,
                word => panic!("{word} in {line}"),
            }
        }
        let index = index.ok_or(Some(Refusal::NoSuchLink))?;
        // As iproute2 does; the kernel refuses them, too, but later.
        let [preferred, valid] = lifetimes;
        if valid == 0 || preferred > valid {
            return Err(Some(Refusal::Invalid));
        }
        let net = IpNet::new(ip, len.unwrap()).unwrap();
        let mut request = AddressRequest::new(net, index)
            .with_scope(scope)
            .with(IFA_ADDRESS, &octets(peer.unwrap_or(ip)))
            .with(IFA_FLAGS, &flags.to_ne_bytes());
        for (kind, value) in attributes {
            request = request.with(kind, &value);
        }
        let lifetimes = lifetimes.map(u32::to_ne_bytes).concat();
        request = request.with(IFA_CACHEINFO, &[lifetimes.as_slice(), &[0; 8]].concat());
        let done = match replaces {
            true => self.changer.replace(&request),
            false => self.changer.add(&request),
        };
        done.map_err(|error| match error.raw_os_error().map(Errno::from_raw) {
            Some(Errno::EEXIST) => Some(Refusal::Exists),
            Some(Errno::ENODEV) => Some(Refusal::NoSuchLink),
            Some(Errno::EADDRNOTAVAIL) => Some(Refusal::NotAvailable),
            Some(Errno::EINVAL) => Some(Refusal::Invalid),
            errno => panic!("{errno:?}: {line}"),
        })
    }
}

// linux/if_addr.h
const IFA_ADDRESS: u16 = 1;
const IFA_CACHEINFO: u16 = 6;
const IFA_FLAGS: u16 = 8;

fn slashed(text: &str) -> (IpAddr, Option<u8>) {
    let (ip, len) = text.split_once('/').unwrap_or((text, ""));
    (ip.parse().unwrap(), len.parse().ok())
}

fn octets(ip: IpAddr) -> Vec<u8> {
    match ip {
        IpAddr::V4(ip) => ip.octets().to_vec(),
        IpAddr::V6(ip) => ip.octets().to_vec(),
    }
}

fn told(answer: Answer) -> Result<(Result<(), Option<Refusal>>, String), String> {
    let refused = match answer.refused {
        None => Ok(()),
        Some(said) => Err(Some(refusal(&said).ok_or(format!("not known: {said}\n"))?)),
    };
    Ok((refused, answer.host))
}

fn refusal(said: &str) -> Option<Refusal> {
    let words = [
        ("File exists", Refusal::Exists),
        ("ddress already assigned", Refusal::Exists),
        ("Cannot find device", Refusal::NoSuchLink),
        ("No such device", Refusal::NoSuchLink),
        ("Device not found", Refusal::NoSuchLink),
        ("Unable to find the interface", Refusal::NoSuchLink),
        ("No interface found", Refusal::NoSuchLink),
        ("Cannot assign requested address", Refusal::NotAvailable),
        ("ddress not found", Refusal::NotAvailable),
        ("IFA_F_MCAUTOJOIN", Refusal::NotAvailable),
        ("Invalid address.", Refusal::NotAvailable),
        ("loopback address", Refusal::NotAvailable),
        ("Invalid argument", Refusal::Invalid),
        ("Invalid scope value", Refusal::Invalid),
        ("is wrong", Refusal::Invalid),
        ("not a valid ifname", Refusal::Invalid),
        ("valid_lft is zero", Refusal::Invalid),
        ("greater than valid_lft", Refusal::Invalid),
        ("Device or resource busy", Refusal::NotWithThisLink),
        ("Operation not supported", Refusal::NotWithThisLink),
    ];
    let word = words.iter().find(|(word, _)| said.contains(word));
    word.map(|(_, refusal)| *refusal)
}
