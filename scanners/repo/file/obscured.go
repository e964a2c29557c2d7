package file

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"encoding/hex"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Programs that hide a password from a glance, and say so, use keys that their
// sources or their makers tell. What is hidden so is as good as open.

// rcloneKey is the key of rclone's "obscure" (rclone, fs/config/obscure).
func rcloneKey() []byte {
	return []byte{
		0x9c, 0x93, 0x5b, 0x48, 0x73, 0x0a, 0x55, 0x4d, 0x6b, 0xfd, 0x7c, 0x63, 0xc8, 0x86, 0xa9, 0x2b,
		0xd3, 0x90, 0x19, 0x8e, 0xb8, 0x12, 0x8a, 0xfb, 0xf4, 0xde, 0x16, 0x2b, 0x8b, 0x95, 0xf6, 0x38,
	}
}

// dbeaverKey is the key of DBeaver's credentials without a master password
// (dbeaver, BaseProjectImpl.LOCAL_KEY_CACHE).
func dbeaverKey() []byte {
	return []byte{0xba, 0xbb, 0x4a, 0x9f, 0x77, 0x4a, 0xb8, 0x53, 0xc9, 0x6c, 0x2d, 0x65, 0x3d, 0xfe, 0x54, 0x4a}
}

// policyKey is the key of passwords in group policy preferences ([MS-GPPREF]
// section 2.2.1.1.4).
func policyKey() []byte {
	return []byte{
		0x4e, 0x99, 0x06, 0xe8, 0xfc, 0xb6, 0x6c, 0xc9, 0xfa, 0xf4, 0x93, 0x10, 0x62, 0x0f, 0xfe, 0xe8,
		0xf4, 0x96, 0xe8, 0x06, 0xcc, 0x05, 0x79, 0x90, 0x20, 0x9b, 0x09, 0xa4, 0x33, 0xb6, 0x6c, 0x1b,
	}
}

// rclone undoes rclone's obscuring: AES in counter mode, the counter first.
func rclone(text string) (string, bool) {
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(raw) <= aes.BlockSize {
		return "", false
	}
	block, err := aes.NewCipher(rcloneKey())
	if err != nil {
		return "", false
	}
	out := make([]byte, len(raw)-aes.BlockSize)
	cipher.NewCTR(block, raw[:aes.BlockSize]).XORKeyStream(out, raw[aes.BlockSize:])
	return string(out), readable(string(out))
}

// cbc undoes AES in block chaining with padding.
func cbc(key, iv, raw []byte) ([]byte, bool) {
	block, err := aes.NewCipher(key)
	if err != nil || len(raw) == 0 || len(raw)%aes.BlockSize != 0 {
		return nil, false
	}
	out := make([]byte, len(raw))
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(out, raw)
	return unpad(out)
}

// unpad takes off the padding of PKCS #7.
func unpad(raw []byte) ([]byte, bool) {
	if len(raw) == 0 {
		return nil, false
	}
	n := int(raw[len(raw)-1])
	if n == 0 || n > aes.BlockSize || n > len(raw) || !bytes.HasSuffix(raw, bytes.Repeat([]byte{byte(n)}, n)) {
		return nil, false
	}
	return raw[:len(raw)-n], true
}

// policy undoes cpassword of group policy preferences: base64 without its
// padding, AES, UTF-16.
func policy(text string) (string, bool) {
	raw, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(text, "="))
	if err != nil {
		return "", false
	}
	out, ok := cbc(policyKey(), make([]byte, aes.BlockSize), raw)
	if !ok {
		return "", false
	}
	return wideText(out)
}

// wideText reads UTF-16, the lower byte first.
func wideText(raw []byte) (string, bool) {
	if len(raw)%2 != 0 {
		return "", false
	}
	units := make([]uint16, len(raw)/2)
	for i := range units {
		units[i] = uint16(raw[2*i]) | uint16(raw[2*i+1])<<8
	}
	out := string(utf16.Decode(units))
	return out, readable(out)
}

// jetBrains undoes what IDEs of JetBrains write in webServers.xml: each
// character with 0xdfaa, in hex (intellij-community, PasswordUtil).
func jetBrains(text string) (string, bool) {
	if len(text)%4 != 0 {
		return "", false
	}
	var out []rune
	for i := 0; i < len(text); i += 4 {
		n, err := strconv.ParseUint(text[i:i+4], 16, 16)
		if err != nil {
			return "", false
		}
		out = append(out, rune(n^0xdfaa))
	}
	return string(out), readable(string(out))
}

// winSCP undoes what WinSCP writes without a master password: each byte with
// 0xA3, inverted, in hex; behind a length and some filling, with user and host
// before it (winscp, source/core/Security.cpp).
func winSCP(text, user, host string) (string, bool) {
	raw, err := hex.DecodeString(text)
	if err != nil || len(raw) < 4 {
		return "", false
	}
	for i := range raw {
		raw[i] = ^(raw[i] ^ 0xA3)
	}
	const marked = 0xFF
	length, rest := int(raw[0]), raw[1:]
	if raw[0] == marked {
		length, rest = int(raw[2]), raw[3:]
		if raw[1] == 2 { // since WinSCP 5.17.10 the length has two bytes
			length, rest = int(raw[2])<<8|int(raw[3]), raw[4:]
		}
	}
	if len(rest) == 0 {
		return "", false
	}
	skip := int(rest[0]) + 1
	if skip+length > len(rest) {
		return "", false
	}
	out := string(rest[skip : skip+length])
	if raw[0] == marked {
		out, _ = strings.CutPrefix(out, user+host)
	}
	return out, readable(out)
}

// xorWAS undoes WebSphere's and Open Liberty's {xor}: base64 of each byte with
// an underscore.
func xorWAS(text string) (string, bool) {
	raw, err := base64.StdEncoding.DecodeString(text)
	for i := range raw {
		raw[i] ^= '_'
	}
	return string(raw), err == nil && readable(string(raw))
}

// readable reports whether what came out is text: a wrong key gives none.
func readable(text string) bool {
	if text == "" || !utf8.ValidString(text) {
		return false
	}
	for _, r := range text {
		if r < ' ' || r == 0x7f || r == utf8.RuneError {
			return false
		}
	}
	return true
}

// base64Text reads base64 that holds text.
func base64Text(text string) (string, bool) {
	raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
	return string(raw), err == nil && len(raw) > 0 && utf8.Valid(raw)
}
