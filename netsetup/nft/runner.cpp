#include "netsetup/nft/runner.h"

#include <nftables/libnftables.h>

#include <algorithm>
#include <string_view>

#include "common/fault.h"

namespace nsr::net {
namespace {

/// libnftables says "Error: ...: File exists" over several lines, with the command underlined; a person wants the
/// first.
Error failure_from(std::string text) {
    text.resize(std::min(text.find('\n'), text.size()));
    Errc code = Errc::system;
    if (text.ends_with("File exists")) code = Errc::conflict;
    if (text.find("No such file or directory") != std::string::npos) code = Errc::not_found;
    return {code, "nftables: " + (text.empty() ? std::string("the kernel refused") : text)};
}

}  // namespace

void Nft::Free::operator()(nft_ctx* context) const { nft_ctx_free(context); }

Result<Nft> Nft::open() {
    Nft nft(nft_ctx_new(NFT_CTX_DEFAULT));
    if (!nft.context_) return fail(Errc::system, "nftables: no context");
    nft_ctx_buffer_output(nft.context_.get());
    nft_ctx_buffer_error(nft.context_.get());
    return nft;
}

Result<Nft> Nft::open_in(const NetNs& sandbox) {
    return sandbox.call([] { return open(); });
}

Result<> Nft::run(const std::string& text) {
    if (fault::fails("nftables")) return fail(Errc::system, "nftables: the kernel refused");
    if (nft_run_cmd_from_buffer(context_.get(), text.c_str()) == 0) return {};
    return fail(failure_from(nft_ctx_get_error_buffer(context_.get())));
}

Result<std::string> Nft::list_table(const std::string& table) { return list("table " + table); }

Result<std::string> Nft::list(const std::string& what, bool with_handles) {
    nft_ctx_output_set_flags(context_.get(), with_handles ? NFT_CTX_OUTPUT_HANDLE : 0);
    auto listed = run("list " + what + "\n");
    nft_ctx_output_set_flags(context_.get(), 0);
    if (!listed && listed.error().code() == Errc::not_found) return std::string();
    if (!listed) return fail(listed.error());
    return std::string(nft_ctx_get_output_buffer(context_.get()));
}

}  // namespace nsr::net
