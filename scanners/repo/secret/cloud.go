package secret

import (
	"bytes"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/muster-nhi/muster/scanners/repo/lazy"
)

//nolint:gochecknoglobals // functions, which nothing sets
var (
	storageName = lazy.Regexp(`(?i)AccountName=([a-z0-9]{3,24})\b`)
	busHost     = lazy.Regexp(`(?i)(?:Endpoint=sb://|HostName=)([A-Za-z0-9.-]{3,100})`)
	busKey      = lazy.Regexp(`(?i)SharedAccessKeyName=([A-Za-z0-9_.-]{1,80})`)
)

// describeCloud tells of keys by the text around them on their line: a shared
// access signature, a key of an account or a bus, a webhook, a password among
// others in a connection string.
func describeCloud(info *Info, s subject) bool {
	switch s.rule {
	case "azure-sas-token":
		return describeSAS(info, s)
	case "discord-webhook-url":
		return describeDiscord(info, s)
	case "azure-storage-account-key":
		name := submatch(storageName(), wholeLine(s))
		info.set("storage_account", name)
		info.PublicID = name
		return name != ""
	case "azure-shared-access-key":
		line := wholeLine(s)
		host, name := submatch(busHost(), line), submatch(busKey(), line)
		info.set("host", strings.TrimSuffix(host, "."))
		info.set("key_name", name)
		info.PublicID = strings.Trim(name+"@"+host, "@")
		return info.PublicID != ""
	default:
		return describeConnection(info, s)
	}
}

// describeSAS tells what a shared access signature allows, and until when
// (learn.microsoft.com, "Create a service SAS", "Service Bus access control with
// Shared Access Signatures"). The signature alone is secret.
func describeSAS(info *Info, s subject) bool {
	at := bytes.Index(s.context, s.value)
	if at < 0 {
		return false
	}
	outside := func(r rune) bool { return strings.ContainsRune(" \t\r\n\"'`<>()", r) }
	from := bytes.LastIndexFunc(s.context[:at], outside) + 1
	to := len(s.context)
	if end := bytes.IndexFunc(s.context[at:], outside); end >= 0 {
		to = at + end
	}
	text := strings.NewReplacer("&amp;", "&", `\u0026`, "&").Replace(string(s.context[from:to]))
	if u, err := url.Parse(text[:max(0, strings.IndexByte(text, '?'))]); err == nil && isHost(u.Hostname()) {
		info.set("host", u.Hostname())
		info.PublicID = clean(u.Hostname() + u.EscapedPath())
	}
	query, err := url.ParseQuery(text[strings.IndexByte(text, '?')+1:])
	if err != nil {
		return true
	}
	info.set("permissions", query.Get("sp"))
	info.set("resource", query.Get("sr"))
	info.set("key_name", query.Get("skn"))
	info.ExpiresAt = sasTime(query.Get("se"))
	return true
}

// sasTime reads the end of a signature: a time, a day, or seconds since 1970.
func sasTime(text string) time.Time {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04Z", time.DateOnly} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC()
		}
	}
	const year10000 = 253402300800
	if n, err := strconv.ParseInt(text, 10, 64); err == nil && n > 0 && n < year10000 {
		return time.Unix(n, 0).UTC()
	}
	return time.Time{}
}

// describeDiscord takes the id out of a webhook's path; the last part alone is
// secret (discord.com/developers, "Webhook").
func describeDiscord(info *Info, s subject) bool {
	parts := strings.Split(strings.TrimRight(string(s.value), "/"), "/")
	if n := len(parts); n >= 3 && isDigits(parts[n-2]) {
		info.PublicID = parts[n-2]
		info.Hint = hint("https://discord.com/api/webhooks/", len(s.value))
		return true
	}
	return false
}

// wholeLine returns the text of the line that the value stands on, at most 500
// bytes before and behind it.
func wholeLine(s subject) []byte {
	const most = 500
	at := bytes.Index(s.context, s.value)
	if at < 0 || len(s.value) == 0 {
		return nil
	}
	from, to := max(0, at-most), min(len(s.context), at+len(s.value)+most)
	from += bytes.LastIndexByte(s.context[from:at], '\n') + 1
	if end := bytes.IndexByte(s.context[at+len(s.value):to], '\n'); end >= 0 {
		to = at + len(s.value) + end
	}
	return s.context[from:to]
}

func submatch(in *regexp.Regexp, text []byte) string {
	if m := in.FindSubmatch(text); m != nil {
		return string(m[1])
	}
	return ""
}
