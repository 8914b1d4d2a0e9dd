#pragma once

#include "common/result.h"
#include "resolver/answer.h"
#include "resolver/forward/request.h"
#include "resolver/resolver.h"

namespace nsr::resolver {

/// Asks a snapshot on behalf of a view, as a container would by TCP, and keeps the trace. Errc::invalid for a name or
/// type that is none.
Result<Explanation> explain_answer(const Snapshot& snapshot, Slot view, FastRandom& random, const std::string& name,
                                   const std::string& type);

/// What one network says of a name to whoever is on it alone, links aside: nothing is asked outside. An empty reply if
/// it does not know the name; a chain of CNAME records that ends outside is the reply as far as it goes. The same
/// refusals.
Result<Explanation> explain_zone(const std::shared_ptr<const Zone>& zone, FastRandom& random, const std::string& name,
                                 const std::string& type);

/// Where an answer that is not ours has come from, and how long that took or is ago. "" if that is not known.
std::string source_text(const AnswerSource& source);

/// The query that explain_answer() asks. The same refusals.
Result<std::vector<std::uint8_t>> explain_query(const std::string& name, const std::string& type);

}  // namespace nsr::resolver
