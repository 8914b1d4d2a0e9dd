#include "resolver/zone/master_file.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <set>

#include "registry/validate.h"
#include "resolver/dns/name.h"
#include "resolver/zone/record_data.h"
#include "resolver/zone/words.h"

namespace nsr::resolver {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";  // which some editors put in front of a file
constexpr std::uint64_t kTtlMax = 2147483647;                // RFC 2181 §8

/// One entry: a line, or several within parentheses.
struct Entry {
    std::vector<Word> words;
    bool begins_blank = false;  ///< the owner is that of the entry before
    std::size_t line = 0;
};

std::unexpected<Error> wrong(std::size_t line, const std::string& what) {
    return fail(Errc::invalid, "line " + std::to_string(line) + ": " + what);
}

/// Takes a file apart into entries.
class Scanner {
public:
    explicit Scanner(std::string_view text) : text_(text) {
        if (text_.starts_with(kByteOrderMark)) at_ = kByteOrderMark.size();
    }

    /// The next entry that has words; one without any at the end.
    Result<Entry> next() {
        Entry entry{{}, at_line_start_blank(), line_};
        while (at_ < text_.size()) {
            const char c = text_[at_];
            if (c == '\n') {
                ++at_;
                ++line_;
                if (depth_ > 0) continue;
                if (!entry.words.empty()) return entry;
                entry = {{}, at_line_start_blank(), line_};
            } else if (c == ' ' || c == '\t' || c == '\r') {
                ++at_;
            } else if (c == ';') {
                at_ = std::min(text_.find('\n', at_), text_.size());
            } else if (c == '(' || c == ')') {
                ++at_;
                if (c == ')' && depth_ == 0) return wrong(line_, "')' without '('");
                depth_ += c == '(' ? 1 : -1;
            } else {
                auto word = read_word(text_, at_, "();\"");
                if (!word) return wrong(line_, "a quote or an escape is not finished");
                if (word->text.contains('\n')) return wrong(line_, "a quote is not finished on its line");
                entry.words.push_back(std::move(*word));
            }
        }
        if (depth_ > 0) return wrong(line_, "'(' without ')'");
        return entry;
    }

private:
    bool at_line_start_blank() const { return at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t'); }

    std::string_view text_;
    std::size_t at_ = 0;
    std::size_t line_ = 1;
    int depth_ = 0;
};

/// "300", or with units as "1h30m" (BIND's, in wide use).
std::optional<std::uint32_t> parse_ttl(std::string_view text) {
    std::uint64_t total = 0;
    while (!text.empty()) {
        std::uint64_t number = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
        if (error != std::errc{} || number > kTtlMax) return std::nullopt;
        text.remove_prefix(static_cast<std::size_t>(end - text.data()));
        std::uint64_t unit = 1;
        if (!text.empty()) {
            switch (text.front() | 0x20) {
                case 's':
                    unit = 1;
                    break;
                case 'm':
                    unit = 60;
                    break;
                case 'h':
                    unit = 3600;
                    break;
                case 'd':
                    unit = 86400;
                    break;
                case 'w':
                    unit = 604800;
                    break;
                default:
                    return std::nullopt;
            }
            text.remove_prefix(1);
        }
        total += number * unit;
        if (total > kTtlMax) return std::nullopt;
    }
    return static_cast<std::uint32_t>(total);
}

bool starts_with_digit(const Word& word) {
    return !word.quoted && !word.text.empty() && word.text.front() >= '0' && word.text.front() <= '9';
}

/// Whether a text ends with a dot that is no part of an escape.
bool is_absolute(std::string_view text) {
    if (!text.ends_with('.')) return false;
    text.remove_suffix(1);
    const std::size_t last = text.find_last_not_of('\\');
    const std::size_t escapes = text.size() - (last == std::string_view::npos ? 0 : last + 1);
    return escapes % 2 == 0;
}

class Reader {
public:
    explicit Reader(std::string_view text) : scanner_(text) {}

    Result<MasterFile> run() {
        for (;;) {
            auto entry = scanner_.next();
            if (!entry) return fail(std::move(entry).error());
            if (entry->words.empty()) return std::move(file_);
            const bool is_directive = !entry->words[0].quoted && entry->words[0].text.starts_with('$');
            auto done = is_directive ? directive(*entry) : record(*entry);
            if (!done) return fail(std::move(done).error());
        }
    }

private:
    Result<> directive(const Entry& entry) {
        const std::string& name = entry.words[0].text;
        const bool is_ttl = registry::lower(name) == "$ttl";
        if (!is_ttl && registry::lower(name) != "$origin") {
            return wrong(entry.line, "'" + name + "' is not supported");
        }
        if (entry.words.size() != 2) return wrong(entry.line, "'" + name + "' takes one argument");
        const std::string& argument = entry.words[1].text;
        if (is_ttl) {
            default_ttl_ = parse_ttl(argument);
            return default_ttl_ ? Result<>() : wrong(entry.line, "'" + argument + "' is not a TTL");
        }
        const auto origin = absolute(argument);
        if (!origin) return wrong(entry.line, "'" + argument + "' is not a domain name");
        origin_ = *origin;
        return {};
    }

    Result<> record(const Entry& entry) {
        auto word = entry.words.begin();
        if (!entry.begins_blank) {
            owner_ = absolute(word->text);
            if (!owner_) return wrong(entry.line, "'" + word->text + "' is not a domain name");
            is_at_ = word->text == "@";
            ++word;
        } else if (!owner_) {
            return wrong(entry.line, "the first record has no owner");
        }
        registry::Record record;
        record.name = owner_->text();
        if (auto read = read_ttl_and_class(entry, word, record); !read) return read;
        if (word == entry.words.end()) return wrong(entry.line, "no record type");
        record.type = word->text;
        std::ranges::transform(record.type, record.type.begin(),
                               [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
        ++word;
        if (record.type == "SOA" || record.type == "NS") {
            ++file_.left_out;
            return {};
        }
        if (is_at_ && owner_->empty()) return wrong(entry.line, "'@' without a line '$ORIGIN NAME' before it");
        auto data = data_of(entry, {word, entry.words.end()}, record.type);
        if (!data) return fail(std::move(data).error());
        record.data = std::move(*data);
        auto checked = check_record(std::move(record));
        if (!checked) return wrong(entry.line, checked.error().message());
        auto& others = owners_[checked->name];
        others.insert({checked->type, checked->data});
        const bool has_cname = others.lower_bound({"CNAME", ""}) != others.lower_bound({"CNAMEX", ""});
        if (has_cname && others.size() > 1) {
            return wrong(entry.line, "'" + checked->name + "' has a CNAME record and others: a CNAME stands alone");
        }
        file_.records.push_back(std::move(*checked));
        return {};
    }

    /// Both are optional and stand in either order, each once (RFC 1035 §5.1).
    Result<> read_ttl_and_class(const Entry& entry, std::vector<Word>::const_iterator& word, registry::Record& record) {
        bool has_class = false;
        for (; word != entry.words.end(); ++word) {
            const std::string text = registry::lower(word->text);
            if (text == "in") {
                if (has_class) return wrong(entry.line, "'" + word->text + "' is a second class");
                has_class = true;
                continue;
            }
            if (text == "ch" || text == "hs" || text == "cs") return wrong(entry.line, "only class IN is supported");
            if (!starts_with_digit(*word)) break;
            if (record.ttl) return wrong(entry.line, "'" + word->text + "' is a second TTL");
            last_ttl_ = record.ttl = parse_ttl(text);
            if (!record.ttl) return wrong(entry.line, "'" + word->text + "' is not a TTL");
        }
        if (!record.ttl) record.ttl = default_ttl_ ? default_ttl_ : last_ttl_;
        return {};
    }

    /// The words again in one line; the name that some types end with made absolute.
    Result<std::string> data_of(const Entry& entry, const std::vector<Word>& words, const std::string& type) const {
        const bool ends_with_name = type == "CNAME" || type == "PTR" || type == "MX" || type == "SRV";
        std::string data;
        for (std::size_t index = 0; index < words.size(); ++index) {
            if (index > 0) data += ' ';
            if (ends_with_name && index + 1 == words.size()) {
                const auto target = absolute(words[index].text);
                if (!target) return wrong(entry.line, "'" + words[index].text + "' is not a domain name");
                data += target->empty() ? "." : target->text() + ".";
            } else {
                data += words[index].quoted ? "\"" + words[index].text + "\"" : words[index].text;
            }
        }
        return data;
    }

    std::optional<dns::Name> absolute(const std::string& text) const {
        if (text == "@") return origin_;
        const auto name = dns::Name::from_text(text);
        return !name || is_absolute(text) ? name : name->with_suffix(origin_);
    }

    Scanner scanner_;
    MasterFile file_;
    dns::Name origin_;
    std::optional<dns::Name> owner_;
    bool is_at_ = false;                                                           ///< the owner was written as "@"
    std::map<std::string, std::set<std::pair<std::string, std::string>>> owners_;  // types and data of each name
    std::optional<std::uint32_t> default_ttl_;
    std::optional<std::uint32_t> last_ttl_;
};

}  // namespace

Result<MasterFile> read_master_file(std::string_view text) { return Reader(text).run(); }

}  // namespace nsr::resolver
