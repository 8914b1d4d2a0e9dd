#pragma once

#include <SQLiteCpp/Statement.h>

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>

namespace nsr::registry {

/// Binds the parameters of a statement from left to right.
class RowWriter {
public:
    explicit RowWriter(SQLite::Statement& statement) : statement_(statement) {}

    /// Whole: bind() with a length, so that a zero byte is no end.
    RowWriter& text(const std::string& value) {
        statement_.bind(next_++, value);
        return *this;
    }

    RowWriter& null() {
        statement_.bind(next_++);
        return *this;
    }

    /// Any integer, flag or enumerator. Unsigned 64 bit numbers are kept as the signed ones of the same bits.
    template <typename Number>
    RowWriter& number(Number value) {
        statement_.bind(next_++, static_cast<std::int64_t>(value));
        return *this;
    }

    /// An address by its text(), or NULL.
    template <typename Address>
    RowWriter& address(const std::optional<Address>& value) {
        return value ? text(value->text()) : null();
    }

private:
    SQLite::Statement& statement_;
    int next_ = 1;
};

/// Reads the columns of a row from left to right.
class RowReader {
public:
    explicit RowReader(SQLite::Statement& statement) : statement_(statement) {}

    std::string text() { return statement_.getColumn(next_++).getString(); }

    template <typename Number = std::int64_t>
    Number number() {
        return static_cast<Number>(statement_.getColumn(next_++).getInt64());
    }

    bool flag() { return number() != 0; }

    bool is_null() const { return statement_.getColumn(next_).isNull(); }

    /// nullopt for NULL. Throws if the text is no address.
    template <typename Address>
    std::optional<Address> address() {
        if (is_null()) return skip();
        const std::string value = text();
        const auto parsed = Address::parse(value);
        if (!parsed) throw std::invalid_argument("'" + value + "' is no address");
        return parsed;
    }

private:
    std::nullopt_t skip() {
        ++next_;
        return std::nullopt;
    }

    SQLite::Statement& statement_;
    int next_ = 0;
};

}  // namespace nsr::registry
