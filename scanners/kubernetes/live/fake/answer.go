package fake

import (
	"encoding/json"
	"mime"
	"net/http"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// answer writes a list in the first of the accepted forms that the server has for
// it: custom resources have no protobuf but of their metadata.
func (s *Server) answer(w http.ResponseWriter, r *http.Request, q Request, meta metav1.ListMeta, items []item) {
	for accepted := range strings.SplitSeq(r.Header.Get("Accept"), ",") {
		kind, parameters, err := mime.ParseMediaType(strings.TrimSpace(accepted))
		if err != nil {
			continue
		}
		metadata := parameters["as"] == "PartialObjectMetadataList"
		custom := strings.Contains(q.Group, ".") && !strings.HasSuffix(q.Group, ".k8s.io")
		switch {
		case kind == "application/vnd.kubernetes.protobuf" && metadata:
			protobuf(w, "PartialObjectMetadataList", "meta.k8s.io/v1", meta, items, partial)
			return
		case kind == "application/vnd.kubernetes.protobuf" && !custom:
			protobuf(w, "List", strings.TrimPrefix(q.Group+"/"+q.Version, "/"), meta, items, func(it item) ([]byte, error) { return it.object.Marshal() })
			return
		case kind == "application/json" && !metadata:
			list := []any{}
			for _, it := range items {
				if it.tree != nil {
					list = append(list, it.tree)
				} else {
					list = append(list, it.object)
				}
			}
			writeJSON(w, "application/json", map[string]any{"apiVersion": q.Version, "kind": "List", "items": list, "metadata": meta})
			return
		}
	}
	Refuse(w, r, http.StatusNotAcceptable, "only the following media types are accepted: application/json", "")
}

// partial is the metadata of an object.
func partial(it item) ([]byte, error) {
	var m metav1.PartialObjectMetadata
	from := any(it.tree)
	if it.tree == nil {
		from = it.object
	}
	text, err := json.Marshal(from)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, &m); err != nil {
		return nil, err
	}
	return m.Marshal()
}

// protobuf writes a list: its metadata is field 1, each item field 2.
func protobuf(w http.ResponseWriter, kind, version string, meta metav1.ListMeta, items []item, encode func(item) ([]byte, error)) {
	head, err := meta.Marshal()
	list := field(nil, 1, head)
	for _, it := range items {
		var text []byte
		if err == nil {
			text, err = encode(it)
		}
		list = field(list, 2, text)
	}
	if err != nil {
		http.Error(w, "an object that cannot be encoded", http.StatusInternalServerError)
		return
	}
	write(w, "application/vnd.kubernetes.protobuf", Envelope(kind, version, list))
}

// field appends a field of bytes (protobuf.dev, "Encoding").
func field(to []byte, number byte, value []byte) []byte {
	to = append(to, number<<3|2)
	n := uint64(len(value))
	for n >= 0x80 {
		to = append(to, byte(n)|0x80)
		n >>= 7
	}
	return append(append(to, byte(n)), value...)
}

// Envelope puts a message into what every answer in protobuf stands in.
func Envelope(kind, version string, message []byte) []byte {
	u := runtime.Unknown{TypeMeta: runtime.TypeMeta{Kind: kind, APIVersion: version}, Raw: message}
	text, err := u.Marshal()
	if err != nil {
		panic(err) // bytes and two strings can always be encoded
	}
	return append([]byte("k8s\x00"), text...)
}

// Refuse answers with a Status, in the form that was asked for.
func Refuse(w http.ResponseWriter, r *http.Request, code int, message, resume string) {
	status := metav1.Status{
		TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}, ListMeta: metav1.ListMeta{Continue: resume},
		Status: metav1.StatusFailure, Code: int32(code), Message: message,
	}
	if !strings.HasPrefix(r.Header.Get("Accept"), "application/vnd.kubernetes.protobuf") {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(code)
		_ = json.NewEncoder(w).Encode(status) // to memory
		return
	}
	text, err := status.Marshal()
	if err != nil {
		http.Error(w, "a status that cannot be encoded", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/vnd.kubernetes.protobuf")
	w.WriteHeader(code)
	_, _ = w.Write(Envelope("Status", "v1", text)) // to memory
}

func writeJSON(w http.ResponseWriter, kind string, v any) {
	text, err := json.Marshal(v)
	if err != nil {
		http.Error(w, "an object that cannot be encoded", http.StatusInternalServerError)
		return
	}
	write(w, kind, text)
}

func write(w http.ResponseWriter, kind string, text []byte) {
	w.Header().Set("Content-Type", kind)
	_, _ = w.Write(text) //nolint:gosec // a fake for tests, and to memory
}
