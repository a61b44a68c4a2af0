#include "worker/machine_state.h"

namespace kipu::worker {

using schema::Message;

void Machine::State::on_peer_read(Now, const Message& message, Effects& effects) {
  drop(message, effects);
}

void Machine::State::on_peer_read_reply(Now, const Message& message, Effects& effects) {
  drop(message, effects);
}

void Machine::State::on_peer_merge(Now, const Message& message, Effects& effects) {
  drop(message, effects);
}

void Machine::State::on_peer_merged(Now, const Message& message, Effects& effects) {
  drop(message, effects);
}

void Machine::State::on_stream_event(Now, const StreamEvent&, Effects&) {}

void Machine::State::on_merged(Now, const std::vector<MergeId>&, Effects&) {}

void Machine::State::on_wholeness_saved(Now, std::uint64_t, Effects&) {}

}  // namespace kipu::worker
