#include "netsetup/netlink/socket.h"

#include <linux/netlink.h>
#include <netlink/attr.h>
#include <netlink/errno.h>
#include <netlink/msg.h>
#include <netlink/socket.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <utility>

#include "common/fault.h"

namespace nsr::net::netlink {
namespace {

/// Room for the kernel's answers to a burst of requests and for a page of a dump.
constexpr int kReceiveBuffer = 1 << 20;
constexpr int kSendBuffer = 1 << 16;
/// The kernel makes no page of a dump longer than 32 KiB (NLMSG_GOODSIZE and netlink_dump()), so none is cut.
constexpr std::size_t kMessageBuffer = 1 << 15;

struct FreeBuffer {
    void operator()(unsigned char* buffer) const { std::free(buffer); }
};

Refusal from_errno(int number) { return {number, std::strerror(number)}; }

/// The explanation that the kernel appends to an error when NETLINK_EXT_ACK is on.
std::string explanation(nlmsghdr* header, const nlmsgerr& error) {
    if ((header->nlmsg_flags & NLM_F_ACK_TLVS) == 0) return {};
    std::size_t skip = sizeof error;
    if ((header->nlmsg_flags & NLM_F_CAPPED) == 0) skip += error.msg.nlmsg_len - sizeof(nlmsghdr);
    nlattr* const text = nlmsg_find_attr(header, static_cast<int>(skip), NLMSGERR_ATTR_MSG);
    return text == nullptr ? std::string() : std::string(nla_get_string(text));
}

Reply from_error(nlmsghdr* header) {
    const auto& error = *static_cast<const nlmsgerr*>(nlmsg_data(header));
    if (error.error == 0) return {};
    Refusal refusal = from_errno(-error.error);
    if (const std::string text = explanation(header, error); !text.empty()) refusal.text += " (" + text + ")";
    return std::unexpected(std::move(refusal));
}

}  // namespace

std::unexpected<Error> refuse(const std::string& what, const Refusal& refusal) {
    return fail(Errc::system, what + ": " + refusal.text);
}

Result<Socket> Socket::open(Subsystem subsystem) {
    if (fault::fails("netlink socket")) return fail_errno("open a netlink socket", EMFILE);
    Socket socket(nl_socket_alloc());
    if (!socket.socket_) return fail_errno("open a netlink socket", ENOMEM);
    nl_sock* const raw = socket.socket_.get();
    if (const int failed = nl_connect(raw, subsystem == Subsystem::route ? NETLINK_ROUTE : NETLINK_NETFILTER);
        failed < 0) {
        return fail(Errc::system, std::string("open a netlink socket: ") + nl_geterror(failed));
    }
    nl_socket_set_buffer_size(raw, kReceiveBuffer, kSendBuffer);
    nl_socket_set_msg_buf_size(raw, kMessageBuffer);
    nl_socket_disable_msg_peek(raw);
    // Both make answers better and are not needed: kernels before 4.12 and 4.20 lack them.
    const int on = 1;
    ::setsockopt(nl_socket_get_fd(raw), SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof on);
    ::setsockopt(nl_socket_get_fd(raw), SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on, sizeof on);
    return socket;
}

Result<Socket> Socket::open_in(const NetNs& sandbox, Subsystem subsystem) {
    return sandbox.call([subsystem] { return open(subsystem); });
}

bool Socket::is_interrupted(const Reply& reply) { return !reply && reply.error().number == EINTR; }

Reply Socket::exchange(Message request, const std::function<void(nlmsghdr*)>& on_message) {
    if (!request.whole()) return std::unexpected(from_errno(EMSGSIZE));
    if (fault::fails("netlink")) return std::unexpected(from_errno(ENOBUFS));
    nl_sock* const raw = socket_.get();
    if (const int sent = nl_send_auto(raw, request.get()); sent < 0)
        return std::unexpected(Refusal{EIO, nl_geterror(sent)});
    sequence_ = first_sequence_ = nlmsg_hdr(request.get())->nlmsg_seq;
    return receive(on_message);
}

Reply Socket::exchange_batch(std::vector<Message> requests) {
    std::vector<std::uint8_t> bytes;
    for (std::size_t index = 0; index < requests.size(); ++index) {
        Message& request = requests[index];
        if (!request.whole()) return std::unexpected(from_errno(EMSGSIZE));
        nl_complete_msg(socket_.get(), request.get());
        nlmsghdr* const header = nlmsg_hdr(request.get());
        if (index == 0) first_sequence_ = header->nlmsg_seq;
        const bool answered = index + 2 == requests.size();
        if (answered)
            sequence_ = header->nlmsg_seq;
        else
            header->nlmsg_flags = static_cast<std::uint16_t>(header->nlmsg_flags & ~NLM_F_ACK);
        const auto whole = request.bytes();
        bytes.insert(bytes.end(), whole.begin(), whole.end());
        bytes.resize(NLMSG_ALIGN(bytes.size()));
    }
    if (fault::fails("netlink batch")) return std::unexpected(from_errno(ENOBUFS));
    const int sent = nl_sendto(socket_.get(), bytes.data(), bytes.size());
    if (sent < 0) return std::unexpected(Refusal{EIO, nl_geterror(sent)});
    return receive({});
}

/// Within a batch a refusal of any request is the batch's.
bool Socket::is_ours(const nlmsghdr& answer) const {
    return answer.nlmsg_seq == sequence_ ||
           (answer.nlmsg_type == NLMSG_ERROR && answer.nlmsg_seq - first_sequence_ < sequence_ - first_sequence_);
}

Reply Socket::receive(const std::function<void(nlmsghdr*)>& on_message) {
    std::optional<Refusal> interrupted;
    for (;;) {
        sockaddr_nl from{};
        unsigned char* buffer = nullptr;
        int left = nl_recv(socket_.get(), &from, &buffer, nullptr);
        const std::unique_ptr<unsigned char, FreeBuffer> owned(buffer);
        if (left <= 0) return std::unexpected(Refusal{EIO, left == 0 ? "no answer" : nl_geterror(left)});

        for (auto* header = reinterpret_cast<nlmsghdr*>(buffer); nlmsg_ok(header, left);
             header = nlmsg_next(header, &left)) {
            if (!is_ours(*header)) continue;
            if ((header->nlmsg_flags & NLM_F_DUMP_INTR) != 0) interrupted = from_errno(EINTR);
            if (header->nlmsg_type == NLMSG_ERROR) return from_error(header);
            if (header->nlmsg_type == NLMSG_DONE) return interrupted ? Reply(std::unexpected(*interrupted)) : Reply();
            if (on_message) on_message(header);
        }
    }
}

}  // namespace nsr::net::netlink
