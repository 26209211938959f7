// For tests: how often one side of TLS 1.3 has been given new keys.
#pragma once

#include <openssl/ssl.h>

#include <atomic>
#include <cstddef>

namespace weir_test {

/// Has `count` go up by one for each key update that a connection of `context` receives. Lifetime: outlives those.
inline void count_key_updates(SSL_CTX* context, std::atomic<int>& count) {
  SSL_CTX_set_msg_callback_arg(context, &count);
  SSL_CTX_set_msg_callback(
      context, [](int is_sent, int, int type, const void* message, std::size_t size, SSL*, void* counter) {
        const auto* const bytes = static_cast<const unsigned char*>(message);
        if (is_sent == 0 && type == SSL3_RT_HANDSHAKE && size != 0 && bytes[0] == SSL3_MT_KEY_UPDATE)
          ++*static_cast<std::atomic<int>*>(counter);
      });
}

} // namespace weir_test
