package audit

import "bytes"

// An event may come in an envelope. These are understood, nested up to four deep:
//
//   - kind EventList: {"kind":"EventList","items":[…]}, as webhooks get it
//   - text in one of the members of texts: CloudWatch Logs and its exports
//     (message, @message of Insights), container logs and Fluent Bit (log), Splunk
//     (_raw), Google's textPayload
//   - an object in one of the members of objects: Elasticsearch (_source), Splunk
//     (result), AKS diagnostic logs ("properties":{"log":"…"}), Google's jsonPayload
//   - lists in one of the members of lists: CloudWatch subscriptions (logEvents) and
//     `aws logs filter-log-events` (events), Azure Event Hubs (records), Insights
//     (results)
//   - Cloud Logging of GKE: {"protoPayload":{…},"labels":{"authorization.k8s.io/reason":…}}.
//     It names who, when, the verb, resource, and binding; it has no ids of credentials
//     and does not tell impersonation.
//   - a line whose JSON begins after a time, as in exports of CloudWatch to S3
//
// The resource-specific tables of Log Analytics (AKSAudit: one column for each
// field) are not read.
const maxNesting = 4

func isText(key string) bool {
	switch key {
	case "message", "@message", "log", "_raw", "textPayload":
		return true
	}
	return false
}

func isObject(key string) bool {
	switch key {
	case "properties", "_source", "result", "jsonPayload":
		return true
	}
	return false
}

func isList(key string) bool {
	switch key {
	case "items", "records", "Records", "events", "logEvents", "results", "hits":
		return true
	}
	return false
}

// A part is a member of an envelope that may hold an event.
type part struct {
	value []byte
	text  bool
}

// value reads one JSON value and everything in it. It returns the index after it
// and false if it is not closed, and how many events were in it.
func (u *Uses) value(b []byte, depth int) (next, found int, ok bool) {
	if len(b) > 0 && b[0] == '[' {
		next, ok = skipValue(b, 0)
		if !ok {
			return next, 0, false
		}
		return next, u.list(b[:next], depth), true
	}
	var e event
	var parts []part
	var google, labels, timestamp []byte
	m := object(b)
	for key, ok := m.next(); ok; key, ok = m.next() {
		name := string(key)
		switch {
		case e.member(key, &m):
		case isText(name) && m.i < len(b) && b[m.i] == '"':
			parts = append(parts, part{m.text(), true})
		case isObject(name) || isList(name):
			parts = append(parts, part{m.value(), false})
		case name == "protoPayload":
			google = m.value()
		case name == "labels":
			labels = m.value()
		case name == "timestamp":
			timestamp = m.text()
		default:
			m.skip()
		}
	}
	switch {
	case m.bad:
		return m.i, 0, false
	case google != nil:
		return m.i, u.google(google, labels, timestamp), true
	case e.isEvent():
		u.event(&e)
		return m.i, 1, true
	}
	for _, p := range parts {
		found += u.part(p, depth)
	}
	return m.i, found, true
}

// part reads a member of an envelope.
func (u *Uses) part(p part, depth int) (found int) {
	if depth >= maxNesting || len(p.value) == 0 {
		return 0
	}
	b := p.value
	if p.text {
		if !bytes.Contains(b, []byte("audit.k8s.io")) {
			return 0 // a message of something else
		}
		b = unescape(b)
		at := bytes.IndexByte(b, '{')
		if at < 0 {
			return 0
		}
		b = b[at:]
	}
	if b[0] != '{' && b[0] != '[' {
		return 0
	}
	_, found, ok := u.value(b, depth+1)
	if !ok {
		u.broken()
		return found + 1
	}
	return found
}

func (u *Uses) list(b []byte, depth int) (found int) {
	if depth >= maxNesting {
		return 0
	}
	elements(b, func(element []byte) {
		if len(element) == 0 || element[0] != '{' {
			return
		}
		_, n, ok := u.value(element, depth+1)
		if !ok {
			u.broken()
			n++
		}
		found += n
	})
	return found
}

// google reads an AuditLog of Cloud Logging and returns how many events it held.
func (u *Uses) google(payload, labels, timestamp []byte) int {
	e := event{stage: []byte("ResponseComplete"), received: timestamp}
	var service, method, place []byte
	m := object(payload)
	for key, ok := m.next(); ok; key, ok = m.next() {
		switch string(key) {
		case "serviceName":
			service = m.text()
		case "methodName":
			method = m.text()
		case "resourceName":
			place = m.text()
		case "authenticationInfo":
			e.user = field(m.value(), "principalEmail")
		case "requestMetadata":
			e.agent = field(m.value(), "callerSuppliedUserAgent")
		case "status":
			e.googleStatus(m.value())
		default:
			m.skip()
		}
	}
	if m.bad || string(service) != "k8s.io" {
		return 0
	}
	e.annotations(labels)
	e.googleResource(method, place)
	u.event(&e)
	return 1
}

// googleStatus translates the codes of google.rpc.Code that mean a refusal.
func (e *event) googleStatus(b []byte) {
	m := object(b)
	for key, ok := m.next(); ok; key, ok = m.next() {
		if string(key) != "code" {
			m.skip()
			continue
		}
		switch m.number() {
		case 7:
			e.code = 403
		case 16:
			e.code = 401
		}
	}
}

// googleResource reads the verb off io.k8s.core.v1.pods.exec.create and the rest
// off core/v1/namespaces/NS/pods/NAME/exec.
func (e *event) googleResource(method, place []byte) {
	e.verb = method[bytes.LastIndexByte(method, '.')+1:]
	parts := bytes.Split(place, []byte("/"))
	if len(parts) < 3 || !bytes.HasPrefix(method, []byte("io.")) {
		e.uri = nil
		return
	}
	if string(parts[0]) != "core" {
		e.group = parts[0]
	}
	rest := parts[2:]
	ofNamespace := bytes.Contains(method, []byte(".namespaces."))
	if string(rest[0]) == "namespaces" && len(rest) > 2 && !ofNamespace {
		e.namespace, rest = rest[1], rest[2:]
	}
	e.resource = rest[0]
	if len(rest) > 1 {
		e.name = rest[1]
	}
	if len(rest) > 2 {
		e.subresource = rest[2]
	}
}
