//go:build tools

// Package tools makes the program a direct requirement, the only kind that Dependabot raises.
package tools

import _ "github.com/opencontainers/distribution-spec/conformance"
