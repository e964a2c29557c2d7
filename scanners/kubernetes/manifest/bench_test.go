package manifest

import (
	"context"
	"fmt"
	"strings"
	"testing"
)

func BenchmarkRead(b *testing.B) {
	var small, wide strings.Builder
	for i := range 500 {
		fmt.Fprintf(&small, "---\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: d%d\n  labels: {app: x, team: y}\nspec:\n  replicas: 2\n  template:\n    metadata:\n      labels: {app: x}\n    spec:\n      serviceAccountName: a%d\n      containers:\n      - name: c\n        image: registry.example.com/x:1\n        env:\n        - name: A\n          value: b\n        resources:\n          limits: {cpu: 1, memory: 1Gi}\n", i, i)
	}
	padding := strings.Repeat("    "+strings.Repeat("x", 200)+"\n", 500)
	for i := range 5 {
		fmt.Fprintf(&wide, "---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: c%d\ndata:\n  text: |\n%s", i, padding)
	}
	for name, text := range map[string]string{"objects": small.String(), "texts": wide.String(), "definitions": strings.ReplaceAll(wide.String(), "kind: ConfigMap", "kind: CustomResourceDefinition")} {
		dir := write(b, map[string]string{"x.yaml": text})
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				if _, _, err := Read(context.Background(), dir, Options{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
