//! Seccomp: system calls that no server needs, refused. A list of what is allowed stands in the systemd unit; here it would break
//! with each new version of a library.
use std::collections::BTreeMap;

use seccompiler::{
    BackendError, BpfProgram, SeccompAction, SeccompCmpArgLen::Dword, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, TargetArch, apply_filter_all_threads, sock_filter,
};

/// Another program, another process's memory, the kernel's own matters, other rights, and code from nowhere.
const REFUSED: &[i64] = &[
    libc::SYS_execve,
    libc::SYS_execveat,
    libc::SYS_memfd_create,
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_process_madvise,
    libc::SYS_pidfd_getfd,
    libc::SYS_kcmp,
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_keyctl,
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_move_mount,
    libc::SYS_mount_setattr,
    libc::SYS_open_tree,
    libc::SYS_fsopen,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fspick,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_setns,
    libc::SYS_unshare,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_kexec_load,
    libc::SYS_kexec_file_load,
    libc::SYS_reboot,
    libc::SYS_swapon,
    libc::SYS_swapoff,
    libc::SYS_acct,
    libc::SYS_quotactl,
    libc::SYS_quotactl_fd,
    libc::SYS_syslog,
    libc::SYS_personality,
    libc::SYS_settimeofday,
    libc::SYS_clock_settime,
    libc::SYS_clock_adjtime,
    libc::SYS_adjtimex,
    libc::SYS_name_to_handle_at,
    libc::SYS_open_by_handle_at,
    libc::SYS_fanotify_init,
    libc::SYS_mknodat,
    libc::SYS_sethostname,
    libc::SYS_setdomainname,
    libc::SYS_setuid,
    libc::SYS_setgid,
    libc::SYS_setreuid,
    libc::SYS_setregid,
    libc::SYS_setresuid,
    libc::SYS_setresgid,
    libc::SYS_setgroups,
    libc::SYS_setfsuid,
    libc::SYS_setfsgid,
    libc::SYS_capset,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_fork,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_vfork,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_mknod,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_iopl,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_ioperm,
];
/// Sockets of these families are all that is used; the last is how the C library learns of a machine's addresses.
const FAMILIES: [i32; 4] = [libc::AF_UNIX, libc::AF_INET, libc::AF_INET6, libc::AF_NETLINK];
/// The numbers of x32, a second set of calls on `x86_64`, begin here; on other machines there are none so high.
const X32: u32 = 0x4000_0000;

/// Refuses them in every thread. Each filter adds to those before.
pub(super) fn restrict() -> Result<(), String> {
    let all = || -> seccompiler::Result<()> {
        apply_filter_all_threads(&refused()?)?;
        // Its flags stand in memory, where no filter looks. The C library then uses `clone`.
        apply_filter_all_threads(&filter([(libc::SYS_clone3, vec![])].into(), libc::ENOSYS)?)?;
        apply_filter_all_threads(&no_x32())
    };
    all().map_err(|e| format!("seccomp ({e})"))
}

fn refused() -> Result<BpfProgram, BackendError> {
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> = REFUSED.iter().map(|call| (*call, vec![])).collect();
    let others = FAMILIES.iter().map(|family| condition(0, SeccompCmpOp::Ne, *family));
    rules.insert(libc::SYS_socket, vec![SeccompRule::new(others.collect::<Result<_, _>>()?)?]);
    // Threads, and no processes.
    rules.insert(libc::SYS_clone, vec![has(0, libc::CLONE_THREAD, 0)?]);
    // Memory is written or run, never both.
    let both = libc::PROT_WRITE | libc::PROT_EXEC;
    rules.insert(libc::SYS_mmap, vec![has(2, both, both)?]);
    for call in [libc::SYS_mprotect, libc::SYS_pkey_mprotect] {
        rules.insert(call, vec![has(2, libc::PROT_EXEC, libc::PROT_EXEC)?]);
    }
    filter(rules, libc::EPERM)
}

/// Holds where these bits of an argument have this value.
fn has(argument: u8, bits: i32, value: i32) -> Result<SeccompRule, BackendError> {
    SeccompRule::new(vec![condition(argument, SeccompCmpOp::MaskedEq(u64::from(bits.unsigned_abs())), value)?])
}

fn condition(argument: u8, compare: SeccompCmpOp, value: i32) -> Result<SeccompCondition, BackendError> {
    SeccompCondition::new(argument, Dword, compare, u64::from(value.unsigned_abs()))
}

fn filter(rules: BTreeMap<i64, Vec<SeccompRule>>, errno: i32) -> Result<BpfProgram, BackendError> {
    let machine = TargetArch::try_from(std::env::consts::ARCH)?;
    let refuse = SeccompAction::Errno(errno.unsigned_abs());
    SeccompFilter::new(rules, SeccompAction::Allow, refuse, machine)?.try_into()
}

/// By hand: the library compares single numbers.
fn no_x32() -> BpfProgram {
    let step = |code: u32, jf, k| sock_filter { code: u16::try_from(code).unwrap_or_default(), jt: 0, jf, k };
    vec![
        step(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0),
        step(libc::BPF_JMP | libc::BPF_JGE | libc::BPF_K, 1, X32),
        step(libc::BPF_RET | libc::BPF_K, 0, SeccompAction::Errno(libc::ENOSYS.unsigned_abs()).into()),
        step(libc::BPF_RET | libc::BPF_K, 0, SeccompAction::Allow.into()),
    ]
}
