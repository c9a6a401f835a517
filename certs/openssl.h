/* OpenSSL's headers, all that we use, in place of including them one by one: OpenSSL has a type
 * ERR_STATE, which nobody here needs and which base/err.h has as an error. */
#ifndef CERTS_OPENSSL_H
#define CERTS_OPENSSL_H

#ifdef OPENSSL_TYPES_H
#error "include certs/openssl.h instead of (or before) OpenSSL's own headers"
#endif

#define ERR_STATE openssl_err_state
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#undef ERR_STATE

#endif
