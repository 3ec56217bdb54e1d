//! Where AF_NETLINK is refused, as by RestrictAddressFamilies of systemd.exec(5) or the seccomp
//! profile of a container: status 3, and a message that says which setting to change.
#![allow(unsafe_code)]

use std::io;
use std::os::unix::process::CommandExt;

use nix::libc;

use bindnet_tests::cli;

/// Makes socket(2) of AF_NETLINK fail with EAFNOSUPPORT, for this process and what it executes.
fn refuse_netlink() -> io::Result<()> {
    const LOAD: u16 = (libc::BPF_LD | libc::BPF_W | libc::BPF_ABS) as u16;
    const EQUAL: u16 = (libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K) as u16;
    const RETURN: u16 = (libc::BPF_RET | libc::BPF_K) as u16;
    let code = |code, k, jt, jf| libc::sock_filter { code, jt, jf, k };
    // `struct seccomp_data` (seccomp(2)): the number of the call at 0, its arguments from 16.
    let first_argument = if cfg!(target_endian = "little") {
        16
    } else {
        20
    };
    let mut filter = [
        code(LOAD, 0, 0, 0),
        code(EQUAL, libc::SYS_socket as u32, 0, 3),
        code(LOAD, first_argument, 0, 0),
        code(EQUAL, libc::AF_NETLINK as u32, 0, 1),
        code(
            RETURN,
            libc::SECCOMP_RET_ERRNO | libc::EAFNOSUPPORT as u32,
            0,
            0,
        ),
        code(RETURN, libc::SECCOMP_RET_ALLOW, 0, 0),
    ];
    let program = libc::sock_fprog {
        len: filter.len() as u16,
        filter: filter.as_mut_ptr(),
    };
    // SAFETY: this call takes four numbers.
    let done = unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) };
    if done != 0 {
        return Err(io::Error::last_os_error());
    }
    let mode = libc::SECCOMP_MODE_FILTER;
    // SAFETY: `program` and the filter it points to are live, and of the length it says.
    let done = unsafe { libc::prctl(libc::PR_SET_SECCOMP, mode, &program) };
    if done != 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

/// Runs preview without AF_NETLINK.
fn run_without_netlink(args: &[&str]) -> cli::Run {
    let mut command = cli::preview();
    command.args(args);
    // SAFETY: the closure makes two system calls and allocates nothing.
    unsafe { command.pre_exec(refuse_netlink) };
    command.output().expect("preview runs").into()
}

#[test]
fn the_message_names_the_setting() {
    for source in ["netlink", "getifaddrs"] {
        let run = run_without_netlink(&["127.0.0.1", "--json", "--source", source]);
        assert_eq!(
            (run.status, run.stdout.as_str()),
            (3, ""),
            "{source}: {}",
            run.stderr
        );
        for part in [
            "AF_NETLINK",
            "not supported",
            "RestrictAddressFamilies",
            "seccomp",
        ] {
            assert!(
                run.stderr.contains(part),
                "{source}: {part:?} is not in {:?}",
                run.stderr
            );
        }
    }
}

#[test]
fn a_replay_needs_no_kernel() {
    let host = cli::recorded("ra_label");
    let run = run_without_netlink(&["192.168.1.0", "-q", "--from", host.path()]);
    assert_eq!((run.status, run.stdout.as_str()), (0, "192.168.1.10\n"));
}
